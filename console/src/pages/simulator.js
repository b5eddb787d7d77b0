// Rules tried on events. Nothing is sent; what is typed here lives in this tab until somebody saves it, where that is allowed.
import { html } from "../html.js";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api.js";
import { number, visible } from "../format.js";
import { eventsOf } from "../last_calls.js";
import { place, setQuery } from "../router.js";
import { Failure, Loading, Page, useAsk } from "../ui.js";
import { Comparison } from "../simulator/comparison.js";
import { Editor } from "../simulator/editor_box.js";
import { Results } from "../simulator/results.js";
import { SampleCalls } from "../simulator/samples.js";
import { Save } from "../simulator/save.js";

// Another page and back again: what was typed is still there.
const kept = { changes: {}, bases: {}, path: "", events: "", answers: "" };

// A value for which the condition holds: of a text, a list of texts, or a number.
function fits(condition) {
  const text = /^\{?\s*"([^"]*)"/.exec(condition)?.[1];
  const number = /^(?:at_least|at_most|between)\((-?[\d.]+)|^(-?[\d.]+)$/.exec(condition);
  return text ?? (number ? Number(number[1] ?? number[2]) : undefined);
}

// An event that the file's campaign is for, so that the first run shows something.
function madeEvent(campaigns, path) {
  const campaign = campaigns.find((one) => one.file === path && one.serves.length) || campaigns.find((one) => one.serves.length);
  const rule = campaign?.rules[0];
  const tags = (rule?.when || []).filter((one) => !one.negated).map((one) => [one.tag, fits(one.condition)]).filter(([, value]) => value !== undefined);
  const type = rule?.on[0] || "post_call";
  return JSON.stringify({
    specversion: "1.0", id: "try-1", type: type.includes("*") ? "post_call" : type, source: (campaign?.serves[0] || "/queues/1").replace(/\*$/, "1"),
    time: new Date().toISOString(), data: { uii: "try-call-1", ani: "2095550101", dnis: "4155550110", ...Object.fromEntries(tags) },
  }, null, 2);
}

const NONE = [];

// For the service that was asked last, or any: the keys that a file of answers has.
function exampleAnswers(ran) {
  const service = ran?.answer.results.flatMap((one) => one.deliveries).find((one) => one.verb === "call")?.service;
  return JSON.stringify([{ service: service || "the service's name", status: 200, body: { OrderId: "SO-55120" } }], null, 2);
}

// What is wrong with the rules as they would be, asked shortly after the last key.
function useProblems(changes) {
  const [problems, set] = useState([]);
  useEffect(() => {
    const control = new AbortController();
    const timer = setTimeout(() => ask("/v1/rules/check", { method: "POST", body: { rules: changes }, signal: control.signal }).then((answer) => set(answer.problems), () => {}), 350);
    return () => { clearTimeout(timer); control.abort(); };
  }, [changes]);
  return problems;
}

const Problems = ({ problems, current, onGo }) => problems.length > 0 && html`<ul class="problems" aria-label="Problems">${problems.map((one, i) => html`<li class=${one.severity} key=${i}>
  <button class="quiet small" onClick=${() => onGo(one)} title="Go there"><span class="outcome">${visible(one.severity)}</span> <span class="mono">${one.file === current ? "line " : `${visible(one.file || "")}:`}${one.line ?? ""}</span></button>
  <b>${visible(one.what)}</b>${one.hint && html`<span class="why">${visible(one.hint)}</span>`}</li>`)}</ul>`;

function coverageOf(answer, path) {
  const file = answer?.coverage?.files.find((one) => one.file === path);
  return file && { hits: file.hits, lines: file.lines };
}

export function Simulator() {
  const { data: files, error: noFiles, reload } = useAsk("/v1/rules/files");
  const { data: rules } = useAsk("/v1/rules");
  const [changes, setChanges] = useState(kept.changes);
  const [path, setPath] = useState(kept.path);
  const [events, setEvents] = useState(kept.events);
  const [answers, setAnswers] = useState(kept.answers);
  const [answering, setAnswering] = useState(kept.answers !== "");
  const [epoch, setEpoch] = useState(0); // of texts that come from elsewhere than the editors
  const [ran, setRan] = useState(null); // { answer, events, answers, changes }
  const [error, setError] = useState(null);
  const [wrong, setWrong] = useState({}); // by the editor's file: events, answers
  const [busy, setBusy] = useState(false);
  const [view, setView] = useState("results");
  const editor = useRef();
  const eventsEditor = useRef();
  const answersEditor = useRef();
  const goNext = useRef(null);
  const list = [...(files?.files || []).map((one) => one.path).filter((one) => one.endsWith(".lua"))];
  for (const added of Object.keys(changes)) if (!list.includes(added)) list.push(added);
  const current = list.includes(path) ? path : list.find((one) => !one.includes("/")) || list[0] || "";
  const isNew = files && current && !files.files.some((one) => one.path === current);
  const { data: loaded, reload: reloadSource } = useAsk(current && !isNew ? `/v1/rules/files?path=${encodeURIComponent(current)}` : null);
  const source = loaded?.path === current ? loaded : isNew ? { path: current, text: "", hash: null } : null;
  const text = changes[current] ?? source?.text ?? "";
  const problems = useProblems(changes);
  Object.assign(kept, { changes, path: current, events, answers });
  const put = (picked) => { setEvents(picked); setEpoch((n) => n + 1); setWrong({}); setError(null); };
  const [wantedCall] = useState(place.value.query.call);
  useEffect(() => { if (wantedCall) eventsOf(wantedCall).then((found) => { put(found); setQuery({ call: "" }); }, setError); }, [wantedCall]);
  useEffect(() => { if (!events && !wantedCall && rules && current) put(madeEvent(rules.campaigns, current)); }, [rules, current]);
  useEffect(() => { if (goNext.current && source) { const problem = goNext.current; goNext.current = null; editor.current?.goTo(problem.line, problem.column); } }, [source]);

  const run = async () => {
    setBusy(true);
    setView("results");
    try {
      const body = { events, coverage: true, ...(answers.trim() ? { answers } : {}), ...(Object.keys(changes).length ? { rules: changes } : {}) };
      setRan({ answer: await ask("/v1/simulate", { method: "POST", body }), events, answers, changes });
      setError(null);
      setWrong({});
    } catch (failed) {
      setError(failed);
      setWrong(failed.line ? { [failed.file]: [{ severity: "error", line: failed.line, column: failed.column, what: failed.message, hint: failed.hint }] } : {});
      setRan(null);
    }
    setBusy(false);
  };
  const change = (next) => {
    if (changes[current] == null) kept.bases[current] = source.hash; // what the change is made to
    setChanges((before) => {
      const { [current]: _, ...rest } = before;
      return next === source.text && !isNew ? rest : { ...before, [current]: next };
    });
  };
  const undo = () => { setChanges({}); setEpoch((n) => n + 1); };
  const go = (problem) => {
    if (!problem.file || problem.file === current) editor.current?.goTo(problem.line, problem.column);
    else { goNext.current = problem; setPath(problem.file); }
  };
  const texts = { files: list, text: async (wanted) => changes[wanted] ?? (list.includes(wanted) ? (await ask(`/v1/rules/files?path=${encodeURIComponent(wanted)}`)).text : "") };
  const covered = ran && (ran.changes[current] ?? source?.text) === text ? coverageOf(ran.answer, current) : null;
  const changed = Object.keys(changes);
  const keys = (event) => { if ((event.ctrlKey || event.metaKey) && event.key === "Enter") { event.preventDefault(); run(); } };
  return html`<div class="simulator" onKeyDown=${keys}><${Page} title="Simulator" lead="Rules tried on events, on virtual time. Nothing is sent."
      actions=${html`<${Save} files=${files} changes=${changes} bases=${kept.bases} onNew=${(added) => { kept.bases[added] = null; setChanges({ ...changes, [added]: "" }); setPath(added); }} onSaved=${() => { setChanges({}); reload(); reloadSource(); }} />
        <button class="primary" onClick=${run} disabled=${busy} title="Ctrl Enter">${busy ? "Running" : "Run"}</button>`}>
    <div class="columns">
      <section class="card"><h2><label>Rules <select value=${current} onChange=${(e) => setPath(e.target.value)}>${list.map((one) => html`<option key=${one} value=${one}>${visible(one)}${changes[one] != null ? " (changed)" : ""}</option>`)}</select></label>
        ${changed.length > 0 && html`<button class="quiet small" onClick=${undo}>Undo changes</button>`}</h2>
        <${Failure} error=${noFiles} />
        ${source ? html`<${Editor} key=${current} api=${editor} label="Rules" language="lua" value=${text} epoch=${`${epoch} ${source.text}`} problems=${problems.filter((one) => one.file === current)} covered=${covered?.hits} rules=${texts} onChange=${change} />` : html`<${Loading} />`}
        ${covered && html`<p class="coverage" role="status"><b>${number(covered.lines.hit)} of ${number(covered.lines.total)}</b> lines with code ran <span class="key"><i class="reached"></i>how often</span> <span class="key"><i class="missed"></i>not reached</span></p>`}
        <${Problems} problems=${problems} current=${current} onGo=${go} /></section>
      <section class="card"><h2>Events <${SampleCalls} onPick=${put} onMake=${() => madeEvent(rules?.campaigns || [], current)} onError=${setError} /></h2>
        <${Editor} api=${eventsEditor} label="Events" language="json" value=${events} epoch=${epoch} problems=${wrong.events || NONE} onChange=${(next) => { setEvents(next); setWrong({}); }} />
        <p class="dim small-text">One event, an array, or one after the other. <kbd>Ctrl Enter</kbd> runs, <kbd>Esc</kbd> then <kbd>Tab</kbd> leaves an editor.</p>
        <details open=${answering} onToggle=${(e) => setAnswering(e.target.open)}><summary>What the services answer</summary>
          <${Editor} api=${answersEditor} label="Answers" language="json" value=${answers} epoch=${epoch} problems=${wrong.answers || NONE} onChange=${(next) => { setAnswers(next); setWrong({}); }} />
          <p class="dim small-text">Without: 200, with no body. <button class="quiet small" onClick=${() => { setAnswers(exampleAnswers(ran)); setEpoch((n) => n + 1); }} disabled=${answers.trim() !== ""}>Begin with an example</button></p></details></section>
    </div>
    ${error && html`<div class="notice bad" role="alert"><b>${visible(error.message)}</b>${error.line > 0 && html`<button class="quiet small" onClick=${() => (error.file === "answers" ? answersEditor : eventsEditor).current?.goTo(error.line, error.column)}>${error.file === "answers" ? "Answers" : "Events"}, line ${error.line}${error.column ? `, column ${error.column}` : ""}</button>`}${error.hint && html`<span>${visible(error.hint)}</span>`}</div>`}
    <section class="card"><div class="segments views" role="tablist" aria-label="What is shown">${[["results", "What would happen"], ["differences", "Against the running rules"]].map(([name, label]) => html`
        <button role="tab" key=${name} aria-selected=${view === name} class=${view === name ? "on" : ""} onClick=${() => setView(name)}>${label}</button>`)}</div>
      ${view === "results" ? html`<${Results} ran=${ran} problems=${problems} />` : html`<${Comparison} changes=${changes} onPick=${put} />`}</section></${Page}></div>`;
}
