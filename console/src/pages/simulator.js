// Rules tried on events. Nothing is sent, and nothing is saved: what is typed here lives in this tab.
import { html } from "../html.js";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api.js";
import { span, visible } from "../format.js";
import { Body, Empty, Failure, Headers, Loading, Page, State, useAsk } from "../ui.js";

const SAMPLE = {
  specversion: "1.0", id: "try-1", type: "post_disposition", source: "/campaigns/8842", subject: "202510141430000131070000000412", time: "2025-10-14T18:34:39.000Z",
  data: { uii: "202510141430000131070000000412", ani: "2095550101", dnis: "4155550110", agent_disposition: "Sale", agent_first_name: "Dana", session_id: 2 },
};

// CodeMirror is most of the console's bytes, so it comes only when an editor is shown.
function Editor({ value, onChange, language, problems = [], covered, label }) {
  const place = useRef();
  const editor = useRef();
  const latest = useRef();
  latest.current = onChange;
  useEffect(() => {
    let gone = false;
    import("../editor.js").then(({ createEditor }) => {
      if (gone || !place.current) return;
      editor.current = createEditor(place.current, { value, language, label, onChange: (text) => latest.current(text) });
      editor.current.mark(problems);
    });
    return () => { gone = true; editor.current?.destroy(); editor.current = null; };
  }, [language, label]);
  useEffect(() => { editor.current?.set(value); }, [value]);
  useEffect(() => { editor.current?.mark(problems); }, [problems]);
  useEffect(() => { editor.current?.cover(covered); }, [covered]);
  return html`<div class="editor" ref=${place} data-editor=${label}></div>`;
}

function parseEvents(text) {
  const trimmed = text.trim();
  try {
    const one = JSON.parse(trimmed);
    return { events: Array.isArray(one) ? one : [one] };
  } catch (first) {
    const events = [];
    for (const [i, line] of trimmed.split("\n").entries()) {
      if (!line.trim()) continue;
      try {
        events.push(JSON.parse(line));
      } catch (error) {
        return { error: trimmed.startsWith("[") || !trimmed.includes("\n{") ? `The events are no JSON: ${first.message}` : `Line ${i + 1} is no JSON: ${error.message}` };
      }
    }
    return { events };
  }
}

const Request = ({ delivery }) => html`<li class="request"><details><summary><${State} state=${delivery.state} /><b>${visible(delivery.service)}</b> <span class="dim">${visible(delivery.verb)}, after ${span(delivery.at_ms)}</span></summary>
  <p class="target"><b>${visible(delivery.method)}</b> <span class="mono">${visible(delivery.url)}</span></p><${Headers} headers=${delivery.headers} /><${Body} text=${delivery.body} base64=${delivery.body_base64} /></details></li>`;

const WORDS = { done: "ran", skipped: "skipped", failed: "failed", waiting: "waits", diverged: "diverged", not_matched: "did not fire", no_rule: "no rule" };

const Result = ({ result }) => html`<li class="ran ${result.outcome}"><div><span class="outcome">${WORDS[result.outcome] || visible(result.outcome)}</span> <b>${visible(result.rule || "nothing")}</b>
    <small class="dim">${visible(result.event.type)} · ${visible(result.campaign || "no campaign")}</small></div>
  ${result.reason && html`<p class="why">${result.outcome === "not_matched" ? "because " : ""}${visible(result.reason)}</p>`}
  ${(result.deliveries.length > 0 || result.log.length > 0) && html`<ul>${result.deliveries.map((one, i) => html`<${Request} delivery=${one} key=${i} />`)}${result.log.map((line, i) => html`<li class="log mono" key=${`l${i}`}>${visible(line)}</li>`)}</ul>`}</li>`;

// A test of what was simulated, to be put beside the campaign.
function testOf(events, results) {
  const lua = (text) => JSON.stringify(text).replace(/\\u([0-9a-f]{4})/g, "\\u{$1}").replace(/\\\//g, "/");
  const value = (one) => (one === null ? "json.null" : typeof one === "object" ? `{ ${Object.entries(one).map(([k, v]) => (Array.isArray(one) ? value(v) : `[${lua(k)}] = ${value(v)}`)).join(", ")} }` : typeof one === "string" ? lua(one) : String(one));
  const lines = [];
  for (const event of events) {
    lines.push(`test(${lua(`${event.type} on ${event.source}`)}, function()`, `  local result = simulate(${value(event)})`);
    for (const result of results.filter((one) => one.event.id === event.id && one.rule)) {
      lines.push(`  -- ${result.rule}: ${result.outcome}`);
    }
    const sent = results.filter((one) => one.event.id === event.id).flatMap((one) => one.deliveries);
    lines.push(`  expect(result):sends(${sent.length})`, "end)", "");
  }
  return lines.join("\n");
}

export function Simulator() {
  const { data: files, error: noFiles } = useAsk("/v1/rules/files");
  const [changes, setChanges] = useState({}); // path -> text
  const [path, setPath] = useState("");
  const [events, setEvents] = useState(JSON.stringify(SAMPLE, null, 2));
  const [state, setState] = useState({ answer: null, error: null, busy: false });
  const list = files?.files || [];
  const current = path || list.find((one) => !one.path.includes("/"))?.path || list[0]?.path || "";
  const { data: source } = useAsk(current ? `/v1/rules/files?path=${encodeURIComponent(current)}` : null);
  const text = changes[current] ?? source?.text ?? "";
  const changed = Object.keys(changes);
  const run = async () => {
    const { events: parsed, error } = parseEvents(events);
    if (error) { setState({ answer: null, error: new Error(error), busy: false }); return; }
    setState((before) => ({ ...before, busy: true }));
    try {
      const body = { events: parsed, ...(changed.length ? { rules: changes } : {}) };
      setState({ answer: await ask("/v1/simulate", { method: "POST", body }), error: null, busy: false, events: parsed });
    } catch (failed) {
      setState({ answer: null, error: failed, busy: false });
    }
  };
  const recorded = async () => {
    try {
      const all = (await ask("/v1/events?since=24h&limit=1000", { text: true })).trim().split("\n").filter(Boolean);
      if (all.length) setEvents(all.slice(-20).join("\n"));
      else setState((before) => ({ ...before, error: new Error("No event was recorded within a day.") }));
    } catch (error) {
      setState((before) => ({ ...before, error }));
    }
  };
  const keys = (event) => { if ((event.ctrlKey || event.metaKey) && event.key === "Enter") { event.preventDefault(); run(); } };
  const problems = (state.answer?.problems || []).filter((one) => one.file === current);
  const results = state.answer?.results || [];
  return html`<div onKeyDown=${keys}><${Page} title="Simulator" lead="Rules tried on events, on virtual time. Nothing is sent, nothing is saved."
      actions=${html`<button class="primary" onClick=${run} disabled=${state.busy} title="Ctrl Enter">${state.busy ? "Running" : "Run"}</button>`}>
    <${Failure} error=${state.error} />
    <div class="columns">
      <section class="card"><h2><label>Rules <select value=${current} onChange=${(e) => setPath(e.target.value)}>${list.map((one) => html`<option key=${one.path} value=${one.path}>${visible(one.path)}${changes[one.path] != null ? " (changed)" : ""}</option>`)}</select></label>
        ${changed.length > 0 && html`<button class="quiet small" onClick=${() => setChanges({})}>Undo changes</button>`}</h2>
        <${Failure} error=${noFiles} />
        ${current && source ? html`<${Editor} key=${current} label="Rules" language="lua" value=${text} problems=${problems} onChange=${(next) => setChanges((before) => { const { [current]: _, ...rest } = before; return next === source.text ? rest : { ...before, [current]: next }; })} />` : html`<${Loading} />`}</section>
      <section class="card"><h2>Events <button class="quiet small" onClick=${recorded}>The last that were recorded</button></h2>
        <${Editor} label="Events" language="json" value=${events} onChange=${setEvents} /></section>
    </div>
    <section class="card" aria-live="polite"><h2>What would happen ${state.answer && html`<button class="quiet small" onClick=${() => {
        const url = URL.createObjectURL(new Blob([testOf(state.events, results)], { type: "text/x-lua" }));
        const link = Object.assign(document.createElement("a"), { href: url, download: `${(results.find((one) => one.campaign)?.campaign || "rules")}_test.lua` });
        link.click();
        URL.revokeObjectURL(url);
      }}>Save as a test</button>`}</h2>
      ${state.answer?.problems.length > 0 && html`<ul class="problems">${state.answer.problems.map((one, i) => html`<li class=${one.severity} key=${i}><div><span class="outcome">${visible(one.severity)}</span> <span class="mono">${visible(one.file || "")}${one.line ? `:${one.line}` : ""}</span></div><b>${visible(one.what)}</b>${one.hint && html`<p class="why">${visible(one.hint)}</p>`}</li>`)}</ul>`}
      ${state.answer ? html`<ul class="runs">${results.map((result, i) => html`<${Result} result=${result} key=${i} />`)}</ul>` : html`<${Empty} title="Run it">Each rule answers: what it would send, byte for byte, or why it would not.</${Empty}>`}</section></${Page}></div>`;
}
