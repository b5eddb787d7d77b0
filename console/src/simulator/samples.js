// Calls to try rules on: recorded ones, those beside the rules, those that come with the console, an event by hand.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { ask } from "../api.js";
import { clock, visible } from "../format.js";
import { useAsk } from "../ui.js";

const CALLS_SHOWN = 25;
const EVENTS_LOOKED_AT = 300;
const lines = (text) => text.split("\n").filter((line) => line.trim());

// The last calls, the newest first, each with what is known of it from the last events.
function callsOf(text) {
  const calls = new Map();
  for (const line of lines(text)) {
    const event = JSON.parse(line);
    const call = calls.get(event.subject);
    if (call) { call.events += 1; call.first = event.type; } else calls.set(event.subject, { uii: event.subject, events: 1, first: event.type, last: event.type, source: event.source, time: event.time });
  }
  return [...calls.values()].slice(0, CALLS_SHOWN);
}

const nameOf = (call) => `${clock(Date.parse(call.time))}  ${call.events === 1 ? call.last : `${call.first} … ${call.last}`}  ${call.source}  (${call.uii})`;

export function SampleCalls({ onPick, onMake, onError }) {
  const { data: recorded } = useAsk(`/v1/events?newest=true&limit=${EVENTS_LOOKED_AT}`, { ask: (path, options) => ask(path, { ...options, text: true }) });
  const { data: beside } = useAsk("/v1/samples");
  const { data: shipped } = useAsk("shipped", { ask: () => import("virtual:samples").then((module) => module.SAMPLES) });
  const [busy, setBusy] = useState(false);
  const pick = async (event) => {
    const [kind, ...rest] = event.target.value.split(":");
    const name = rest.join(":");
    event.target.value = "";
    setBusy(true);
    try {
      if (kind === "made") onPick(onMake());
      else if (kind === "call") onPick((await ask(`/v1/events?call=${encodeURIComponent(name)}&limit=1000`, { text: true })).trim());
      else if (kind === "file") onPick((await ask(`/v1/samples?path=${encodeURIComponent(name)}`)).text.trim());
      else if (kind === "shipped") onPick(shipped.find((one) => one.name === name).text.trim());
    } catch (error) {
      onError(error);
    }
    setBusy(false);
  };
  const calls = recorded ? callsOf(recorded) : [];
  const group = (label, rows) => rows.length > 0 && html`<optgroup label=${label}>${rows.map(([value, text]) => html`<option key=${value} value=${value}>${visible(text)}</option>`)}</optgroup>`;
  return html`<label class="pick"><span class="hidden-text">Sample call</span><select onChange=${pick} disabled=${busy} value="" aria-label="Sample call"><option value="">Take a sample call…</option>
    <option value="made:">An event to fill in</option>
    ${group("The last calls", calls.map((call) => [`call:${call.uii}`, nameOf(call)]))}
    ${group("In the rules folder", (beside?.samples || []).map((one) => [`file:${one.path}`, one.path]))}
    ${group("Shipped", (shipped || []).map((one) => [`shipped:${one.name}`, one.name]))}</select></label>`;
}
