// The delivery log: live, filtered by the address, older pages on demand.
import { html } from "../html.js";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, query } from "../api.js";
import { place, setQuery } from "../router.js";
import { useSignal } from "../signal.js";
import { onDelivery } from "../stream.js";
import { clock, number, visible } from "../format.js";
import { DeliveryLine, Empty, Failure, Loading, Page, State, useAsk } from "../ui.js";
import { Again, Missing, Recover, TIMES } from "../recover.js";

const PAGE = 100;
const SHOWN_MAX = 2000;
const STATES = ["", "pending", "delivered", "dead", "expired"];
const NAMES = ["state", "service", "campaign", "call", "since"];

const filterOf = (values) => Object.fromEntries(NAMES.map((name) => [name, values[name] || ""]));
const fits = (row, filter) => ["state", "service", "campaign", "call"].every((name) => !filter[name] || row[name] === filter[name]);

function Filters({ filter }) {
  const { data: services } = useAsk("/v1/services");
  const { data: rules } = useAsk("/v1/rules");
  const [call, setCall] = useState(filter.call);
  useEffect(() => setCall(filter.call), [filter.call]);
  return html`<form class="filters" role="search" onSubmit=${(e) => { e.preventDefault(); setQuery({ call: call.trim() }); }}>
    <div class="segments" role="group" aria-label="State">${STATES.map((state) => html`<button type="button" key=${state} aria-pressed=${filter.state === state} class=${filter.state === state ? "on" : ""} onClick=${() => setQuery({ state })}>${state || "all"}</button>`)}</div>
    <label><span>Service</span><select value=${filter.service} onChange=${(e) => setQuery({ service: e.target.value })}><option value="">any</option>
      ${[...new Set([...(services?.services || []).map((s) => s.name), filter.service])].filter(Boolean).map((name) => html`<option key=${name} value=${name}>${visible(name)}</option>`)}</select></label>
    <label><span>Campaign</span><select value=${filter.campaign} onChange=${(e) => setQuery({ campaign: e.target.value })}><option value="">any</option>
      ${[...new Set([...(rules?.campaigns || []).map((c) => c.name), filter.campaign])].filter(Boolean).map((name) => html`<option key=${name} value=${name}>${visible(name)}</option>`)}</select></label>
    <label><span>Within</span><select value=${filter.since} onChange=${(e) => setQuery({ since: e.target.value })}><option value="">any time</option>${TIMES.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}
      ${filter.since && !TIMES.some(([value]) => value === filter.since) && html`<option value=${filter.since}>since ${visible(filter.since)}</option>`}</select></label>
    <label class="grow"><span>Call</span><input data-filter type="search" placeholder="the call's uii, then Enter" value=${call} onInput=${(e) => setCall(e.target.value)} onBlur=${() => call.trim() !== filter.call && setQuery({ call: call.trim() })} /></label>
  </form>`;
}

// A row that is shown says how it stands now, also when it does not fit the filter any more.
function withRow(rows, row, filter) {
  const at = rows.findIndex((one) => one.id === row.id);
  if (at < 0) return fits(row, filter) ? [row, ...rows] : rows;
  return rows[at].attempt_count > row.attempt_count ? rows : rows.with(at, { ...rows[at], ...row, n: rows[at].n });
}

// Rows of the filter, newest first, kept up to date by the stream unless somebody reads further down.
function useRows(filter) {
  const [state, set] = useState({ rows: null, runs: [], more: false, error: null, fresh: 0 });
  const paused = useRef(false);
  const [isPaused, setPaused] = useState(false);
  const path = (more) => `/v1/deliveries${query({ ...filter, limit: PAGE, ...more })}`;
  const key = JSON.stringify(filter);
  const busy = useRef(false);
  // What the stream tells while a list is on its way is not in that list.
  const meanwhile = useRef(new Set());
  const load = () => {
    const late = [];
    meanwhile.current.add(late);
    return ask(path()).finally(() => meanwhile.current.delete(late)).then(
      (answer) => set({ rows: late.reduce((rows, row) => withRow(rows, row, filter), answer.deliveries), runs: answer.runs || [], more: answer.more, error: null, fresh: 0 }),
      (error) => set((before) => ({ ...before, error, rows: before.rows || [] })));
  };
  useEffect(() => {
    set({ rows: null, runs: [], more: false, error: null, fresh: 0 });
    load();
    return onDelivery((row) => {
      for (const late of meanwhile.current) late.push(row);
      set((before) => {
        if (!before.rows) return before;
        const rows = withRow(before.rows, row, filter);
        if (rows.length === before.rows.length) return { ...before, rows };
        if (paused.current) return { ...before, fresh: before.fresh + 1 };
        return { ...before, rows: rows.slice(0, Math.max(PAGE, before.rows.length)), more: before.more || before.rows.length >= PAGE };
      });
    }, () => {
      // More happened than the stream tells: ask for what there is now, one after the other.
      if (paused.current || busy.current) return;
      busy.current = true;
      load().finally(() => setTimeout(() => { busy.current = false; }, 1500));
    });
  }, [key]);
  useEffect(() => {
    const listener = () => {
      const down = scrollY > 160;
      if (down !== paused.current) { paused.current = down; setPaused(down); if (!down) load(); }
    };
    addEventListener("scroll", listener, { passive: true });
    return () => removeEventListener("scroll", listener);
  }, [key]);
  const older = async () => {
    const last = state.rows.findLast((row) => row.n);
    try {
      const answer = await ask(path({ before: last?.n }));
      set((before) => ({ ...before, rows: [...before.rows, ...answer.deliveries.filter((row) => !before.rows.some((one) => one.id === row.id))], more: answer.more }));
    } catch (error) {
      set((before) => ({ ...before, error }));
    }
  };
  const toggle = () => { paused.current = !paused.current; setPaused(paused.current); if (!paused.current) load(); };
  const top = () => { scrollTo(0, 0); paused.current = false; setPaused(false); load(); };
  return { ...state, older, isPaused, toggle, top, reload: load };
}

const Row = ({ row }) => html`<a class="row" data-row href=${`/ui/deliveries/${encodeURIComponent(row.id)}`}>
  <time title=${row.time}>${clock(row.created_ms)}</time><${State} state=${row.state} /><${DeliveryLine} delivery=${row} />
  <span class="call mono">${visible(row.call)}</span>
  <span class="attempts">${row.attempt_count > 1 ? `${row.attempt_count} attempts` : ""}</span>
  <span class="result ${row.error ? "bad-text" : ""}">${row.status || ""} ${row.error && row.error !== "status" ? visible(row.error) : ""}</span></a>`;

// Rules that raised or diverged: dead letters too.
function FailedRuns({ runs, onDone }) {
  const [again, setAgain] = useState(null);
  return html`<section class="card failed-runs"><h2>Runs that failed <small>${number(runs.length)}</small></h2>
    <ul>${runs.slice(0, 50).map((run) => html`<li key=${run.id}><time title=${run.time}>${clock(run.time_ms)}</time><span class="who"><b>${visible(run.rule)}</b><small>${visible(run.campaign)}${run.call ? html` · <a class="mono" href=${`/ui/calls/${encodeURIComponent(run.call)}`}>${visible(run.call)}</a>` : ""}</small></span>
      <span class="why">${visible(run.reason)}</span><button class="small" onClick=${() => setAgain(run)}>Run again…</button></li>`)}</ul>
    ${runs.length > 50 && html`<p class="dim">${number(runs.length - 50)} more; narrow the filter.</p>`}
    ${again && html`<${Again} run id=${again.id} what=${`run of ${visible(again.rule)}, call ${visible(again.call || "")}`} onClose=${() => setAgain(null)} onDone=${() => { setAgain(null); onDone("It is run again."); }} />`}</section>`;
}

export function Deliveries() {
  const filter = filterOf(useSignal(place).query);
  const { rows, runs, more, error, fresh, older, isPaused, toggle, top, reload } = useRows(filter);
  const [recover, setRecover] = useState(null);
  const [said, say] = useState("");
  const filtered = NAMES.some((name) => filter[name]);
  return html`<${Page} title="Deliveries" actions=${html`<button data-pause onClick=${toggle} aria-pressed=${isPaused}>${isPaused ? "Resume" : "Pause"}</button>
      <button onClick=${() => setRecover("missing")}>Find missing…</button>
      <button class="primary" onClick=${() => setRecover("failed")}>Send failed again…</button>`}>
    <${Filters} filter=${filter} />
    ${said && html`<div class="notice good" role="status">${said}</div>`}
    <${Failure} error=${error} />
    ${isPaused && html`<button class="fresh" onClick=${top}>${fresh ? `${number(fresh)} new` : "Paused"} · back to live</button>`}
    ${filter.state === "dead" && runs.length > 0 && html`<${FailedRuns} runs=${runs} onDone=${(text) => { say(text); reload(); }} />`}
    ${!rows ? html`<${Loading} />` : rows.length === 0 && !error ? runs.length === 0 && html`<${Empty} title=${filtered ? "No delivery fits" : "No delivery yet"}>${filtered ? "Widen the filter, or look at another time." : "Post an event whose rules fire a service, and it shows here at once."}</${Empty}>`
      : html`<div class="rows" role="feed" aria-busy=${!rows}>${rows.map((row) => html`<${Row} row=${row} key=${row.id} />`)}</div>
        ${more && (rows.length < SHOWN_MAX ? html`<button class="older" onClick=${older}>Older</button>` : html`<p class="dim pad">${number(SHOWN_MAX)} are shown. Narrow the filter to see others.</p>`)}`}
    ${recover && html`<${recover === "missing" ? Missing : Recover} filter=${filter} onClose=${() => setRecover(null)} onDone=${(text) => { setRecover(null); say(text); reload(); }} />`}
  </${Page}>`;
}
