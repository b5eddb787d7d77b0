// Calls to try rules on: recorded ones, those beside the rules, those that come with the console, an event by hand.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { ask } from "../api.js";
import { visible } from "../format.js";
import { eventsOf, nameOf, useLastCalls } from "../last_calls.js";
import { useAsk } from "../ui.js";

export function SampleCalls({ onPick, onMake, onError }) {
  const calls = useLastCalls();
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
      else if (kind === "call") onPick(await eventsOf(name));
      else if (kind === "file") onPick((await ask(`/v1/samples?path=${encodeURIComponent(name)}`)).text.trim());
      else if (kind === "shipped") onPick(shipped.find((one) => one.name === name).text.trim());
    } catch (error) {
      onError(error);
    }
    setBusy(false);
  };
  const group = (label, rows) => rows.length > 0 && html`<optgroup label=${label}>${rows.map(([value, text]) => html`<option key=${value} value=${value}>${visible(text)}</option>`)}</optgroup>`;
  return html`<label class="pick"><span class="hidden-text">Sample call</span><select onChange=${pick} disabled=${busy} value="" aria-label="Sample call"><option value="">Take a sample call…</option>
    <option value="made:">An event to fill in</option>
    ${group("The last calls", calls.map((call) => [`call:${call.uii}`, nameOf(call)]))}
    ${group("In the rules folder", (beside?.samples || []).map((one) => [`file:${one.path}`, one.path]))}
    ${group("Shipped", (shipped || []).map((one) => [`shipped:${one.name}`, one.name]))}</select></label>`;
}
