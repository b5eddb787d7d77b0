// What the changes would have done differently with the last recorded events.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { ask } from "../api.js";
import { clock, number, visible } from "../format.js";
import { eventsOf } from "../last_calls.js";
import { Empty, Failure } from "../ui.js";

const WORDS = { added: "a new request", gone: "no request any more", changed: "", outcome: "the rule ends otherwise" };
const Value = ({ kind, value }) => (value == null ? null : html`<span class=${kind === "-" ? "gone" : "come"}>${kind} ${visible(value) || "(empty)"}</span>`);

const Way = ({ group, onTry }) => html`<li><div><span class="outcome ${group.change}">${WORDS[group.change] || html`<code>${visible(group.place)}</code>`}</span>
    <small class="dim">${number(group.count)} ${group.count === 1 ? "event" : "events"}, as <button class="quiet small link" onClick=${() => onTry(group.event)} title="Put this event into the editor">${visible(group.event)}</button></small></div>
  <pre class="diff">${html`<${Value} kind="-" value=${group.from} /><${Value} kind="+" value=${group.to} />`}</pre></li>`;

// Those of one rule and service stand together, in the order of their first event.
function together(groups) {
  const found = new Map();
  for (const group of groups) {
    const name = JSON.stringify([group.campaign, group.rule, group.service]);
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(group);
  }
  return [...found.values()];
}

function Figures({ answer }) {
  const oldest = answer.since ? `, since ${clock(Date.parse(answer.since))}` : "";
  if (!answer.events) return html`<p>No event is recorded yet.</p>`;
  return html`<p class="verdict-line"><b>${answer.differ ? `${number(answer.differ)} of ${number(answer.compared)} events differ, in ${number(answer.ways)} ${answer.ways === 1 ? "way" : "ways"}` : `No difference in ${number(answer.compared)} events`}</b><span class="dim"> · the last ${number(answer.events)} recorded${oldest}</span></p>
    ${!answer.complete && html`<div class="notice warn" role="status"><b>Only ${number(answer.compared)} of ${number(answer.events)} events were compared.</b><span>The time for a comparison was over. Ask for fewer, or use <code>switchhook diff --from running --to DIR</code>.</span></div>`}`;
}

export function Comparison({ changes, onPick }) {
  const [last, setLast] = useState("1000");
  const [state, setState] = useState({});
  const changed = Object.keys(changes);
  const compare = async () => {
    setState({ busy: true });
    try {
      setState({ answer: await ask("/v1/simulate/diff", { method: "POST", body: { rules: changes, last: Number(last) } }), of: changes });
    } catch (error) {
      setState({ error });
    }
  };
  const take = async (id) => {
    try {
      const { events } = await ask(`/v1/events/${encodeURIComponent(id)}`);
      const call = events[0].event.subject;
      const lines = (await eventsOf(call)).split("\n");
      onPick(lines.find((line) => JSON.parse(line).id === id) || lines.join("\n"));
    } catch (error) {
      setState((before) => ({ ...before, error }));
    }
  };
  const { answer, error, busy, of } = state;
  return html`<form class="filters" onSubmit=${(e) => { e.preventDefault(); compare(); }}><label>The last <select value=${last} onChange=${(e) => setLast(e.target.value)} aria-label="How many events">${["100", "1000", "10000"].map((n) => html`<option key=${n} value=${n}>${number(n)} events</option>`)}</select></label>
      <button disabled=${busy || !changed.length}>${busy ? "Comparing" : "Compare"}</button>
      <span class="dim small-text">${changed.length ? `${changed.map(visible).join(", ")}: as changed here, against what serves` : "Change a rule first: what serves is compared with what is typed here."}</span></form>
    <${Failure} error=${error} />
    ${answer && of !== changes && html`<p class="dim">The rules have changed since; this is of before.</p>`}
    ${answer ? html`<div aria-live="polite"><${Figures} answer=${answer} />${together(answer.groups).map((groups, i) => html`<section class="tried" key=${i}><h3><span>${visible(groups[0].rule)}</span> <small class="dim">${visible(groups[0].campaign)}${groups[0].service ? ` · ${visible(groups[0].service)}` : ""}</small></h3>
      <ul class="ways">${groups.map((group, j) => html`<${Way} group=${group} key=${j} onTry=${take} />`)}</ul></section>`)}</div>`
    : !error && html`<${Empty} title="What would have been different?">The last recorded events go through both versions; each request that appears, vanishes or changes is shown, and in what.</${Empty}>`}`;
}
