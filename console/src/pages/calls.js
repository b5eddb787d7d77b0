// The timeline of a call: each event, each rule that ran, and each that did not, with the reason.
import { html } from "../html.js";
import { useEffect, useState } from "preact/hooks";
import { go } from "../router.js";
import { onDelivery } from "../stream.js";
import { clock, precise, span, visible } from "../format.js";
import { typesOf, useLastCalls } from "../last_calls.js";
import { Again } from "../recover.js";
import { Empty, Failure, Loading, Page, State, useAsk } from "../ui.js";

const OUTCOMES = { done: "ran", skipped: "skipped", failed: "failed", waiting: "waits", diverged: "diverged", not_matched: "did not fire", no_rule: "no rule" };

function Find({ uii }) {
  const [value, set] = useState(uii || "");
  useEffect(() => set(uii || ""), [uii]);
  const submit = (event) => { event.preventDefault(); if (value.trim()) go(`/ui/calls/${encodeURIComponent(value.trim())}`); };
  return html`<form class="filters" role="search" onSubmit=${submit}><label class="grow"><span>Call</span><input data-filter type="search" placeholder="the call's uii" value=${value} onInput=${(e) => set(e.target.value)} /></label><button class="primary">Show</button></form>`;
}

// How a step came to its end: a wait by its event or by its time.
function ending(step) {
  if (!step.answered) return `until ${step.deadline_ms ? clock(step.deadline_ms) : "its answer"}`;
  const at = step.at_ms ? ` at ${clock(step.at_ms)}` : "";
  if (step.event_seq) return `it came${at}`;
  return /^wait_for/.test(step.what) ? `none came; its time was up${at}` : `over${at}`;
}

const Step = ({ step }) => html`<li class="step"><b>step ${step.number}</b> <span class="mono">${visible(step.what)}</span> <span class="dim">${ending(step)}</span></li>`;

const Sent = ({ delivery }) => html`<li class="sent"><a href=${`/ui/deliveries/${encodeURIComponent(delivery.id)}`}><${State} state=${delivery.state} /><b>${visible(delivery.service)}</b>
  <span class="dim">${visible(delivery.verb)}</span><span class="result">${delivery.status || visible(delivery.error || "")}</span><span class="dim">${delivery.attempts.length > 1 ? `${delivery.attempts.length} attempts` : delivery.attempts[0] ? span(delivery.attempts[0].took_ms) : ""}</span></a>
  ${delivery.attempts.length > 1 && html`<ol>${delivery.attempts.map((attempt, i) => html`<li key=${i}><time title=${precise(attempt.at_ms)}>${clock(attempt.at_ms)}</time> <span class=${attempt.error ? "bad-text" : "good-text"}>${attempt.status || ""} ${attempt.error && attempt.error !== "status" ? visible(attempt.error) : ""}</span> <span class="dim">${span(attempt.took_ms)}</span></li>`)}</ol>`}</li>`;

function Ran({ run, onChange }) {
  const [again, setAgain] = useState(false);
  const excerpt = run.error?.excerpt;
  return html`<li class="ran ${run.outcome}"><div><span class="outcome">${OUTCOMES[run.outcome] || visible(run.outcome)}</span> <b>${run.rule ? visible(run.rule) : "nothing"}</b> <small class="dim">${visible(run.campaign || "")}</small>
      ${run.id && (run.outcome === "failed" || run.outcome === "diverged") && html`<button class="quiet small" onClick=${() => setAgain(true)}>Run again…</button>`}</div>
  ${run.reason && html`<p class="why">${visible(run.reason)}</p>`}
  ${excerpt && html`<pre class="excerpt">${run.error.line ? `${run.error.line} | ` : ""}${visible(excerpt)}</pre>`}${run.error?.hint && html`<p class="why">${visible(run.error.hint)}</p>`}
  ${(run.steps.length > 0 || run.deliveries.length > 0 || run.log.length > 0) && html`<ul>${run.steps.map((step) => html`<${Step} step=${step} key=${`s${step.number}`} />`)}
    ${run.deliveries.map((delivery) => html`<${Sent} delivery=${delivery} key=${delivery.id} />`)}
    ${run.log.map((line, i) => html`<li class="log mono" key=${`l${i}`}>${visible(line)}</li>`)}</ul>`}
  ${again && html`<${Again} run id=${run.id} what=${`run of ${visible(run.rule)}`} onClose=${() => setAgain(false)} onDone=${() => { setAgain(false); onChange(); }} />`}</li>`;
}

const isLink = (value) => typeof value === "string" && /^https?:\/\/[^\s]+$/.test(value);

function Happened({ entry, start, all, onChange }) {
  const { event, rules } = entry;
  const data = event.data || {};
  const recordings = Object.entries(data).filter(([name, value]) => /recording_url$/.test(name) && isLink(value));
  // Of another type than the rule asks for: true of nearly every rule, and hardly ever what somebody looks for.
  const isQuiet = (run) => run.outcome === "not_matched" && /^the event is /.test(run.reason || "");
  const quiet = rules.filter(isQuiet);
  const shown = all ? rules : rules.filter((run) => !isQuiet(run));
  const [open, setOpen] = useState(false);
  return html`<li class="moment"><div class="moment-time"><time title=${precise(entry.arrived_ms)}>${clock(entry.arrived_ms)}</time><small>+${span(entry.arrived_ms - start)}</small></div>
    <article><header><h3>${visible(event.type)}</h3><span class="dim">${visible(event.source)}</span>${data.session_id != null && html`<span class="tag">segment ${visible(data.session_id)}</span>`}
      ${data.agent_username && html`<span class="tag">${visible(data.agent_username)}</span>`}${!entry.done && html`<span class="tag warn">not done</span>`}</header>
    <ul class="runs">${(open ? rules : shown).map((run, i) => html`<${Ran} run=${run} onChange=${onChange} key=${i} />`)}</ul>
    ${!all && quiet.length > 0 && html`<button class="quiet small" aria-expanded=${open} onClick=${() => setOpen(!open)}>${open ? "Hide" : "Show"} ${quiet.length} ${quiet.length === 1 ? "rule that is" : "rules that are"} for other events</button>`}
    ${recordings.map(([name, url]) => html`<p class="recording" key=${name}>${visible(name)}: <a href=${url} target="_blank" rel="noreferrer noopener">${visible(url)}</a></p>`)}
    <details><summary>Tags <small>${Object.keys(data).length}</small></summary><dl class="headers">${Object.entries(data).map(([name, value]) => html`<div key=${name}><dt>${visible(name)}</dt><dd>${visible(typeof value === "object" ? JSON.stringify(value) : value)}</dd></div>`)}</dl></details></article></li>`;
}

function LastCalls() {
  const calls = useLastCalls();
  return calls.length ? html`<ul class="last-calls" aria-label="The last calls">${calls.map((call) => html`<li key=${call.uii}><a data-row href=${`/ui/calls/${encodeURIComponent(call.uii)}`}><time>${clock(Date.parse(call.time))}</time>
    <span class="mono">${visible(call.uii)}</span> <span>${visible(typesOf(call))}</span> <span class="dim">${visible(call.source)}</span></a></li>`)}</ul>`
    : html`<${Empty} title="Which call?">Type its uii. In the delivery log, each call leads here.</${Empty}>`;
}

export function Calls({ uii }) {
  // While something of it is under way the page looks again by itself: not every end of a run is a delivery.
  const [busy, setBusy] = useState(false);
  const { data, error, reload } = useAsk(uii ? `/v1/calls/${encodeURIComponent(uii)}` : null, { every: busy ? 2000 : 0 });
  useEffect(() => setBusy(Boolean(data?.events.some((entry) => !entry.done))), [data]);
  const [all, setAll] = useState(false);
  useEffect(() => onDelivery((row) => row.call === uii && setTimeout(reload, 300)), [uii]);
  const events = data?.events || [];
  const sent = events.flatMap((entry) => entry.rules.flatMap((run) => run.deliveries));
  return html`<${Page} title="Calls" lead=${uii && data ? html`<span class="mono">${visible(uii)}</span> · ${events.length} ${events.length === 1 ? "event" : "events"} · ${sent.length} ${sent.length === 1 ? "delivery" : "deliveries"}` : "What happened with a call, and why."}
      actions=${uii && events.length > 0 && html`<a class="button" href=${`/ui/simulator?call=${encodeURIComponent(uii)}`} title="Its events, with the rules as they are or as you change them">Try it in the simulator</a>`}>
    <${Find} uii=${uii} />
    ${!uii && html`<${LastCalls} />`}
    ${uii && !data && !error && html`<${Loading} />`}<${Failure} error=${error} />
    ${data && html`<label class="check"><input type="checkbox" checked=${all} onChange=${(e) => setAll(e.target.checked)} /> also the rules that are for other events</label>
      <ol class="timeline">${events.map((entry) => html`<${Happened} entry=${entry} start=${events[0].arrived_ms} all=${all} onChange=${reload} key=${entry.seq} />`)}</ol>`}</${Page}>`;
}
