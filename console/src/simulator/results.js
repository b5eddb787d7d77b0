// What each rule made of each event.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { span, visible } from "../format.js";
import { Body, Empty, Headers, State } from "../ui.js";
import { testOf } from "../test_of.js";

const SHOWN = 200;
const WORDS = { done: "ran", skipped: "skipped", failed: "failed", waiting: "waits", diverged: "diverged", not_matched: "did not fire", no_rule: "no rule" };

const Request = ({ delivery }) => html`<li class="request"><details open><summary><${State} state=${delivery.state} /><b>${visible(delivery.service)}</b> <span class="dim">${visible(delivery.verb)}, after ${span(delivery.at_ms)}</span></summary>
  <p class="target"><b>${visible(delivery.method)}</b> <span class="mono">${visible(delivery.url)}</span></p><${Headers} headers=${delivery.headers} /><${Body} text=${delivery.body} base64=${delivery.body_base64} /></details></li>`;

const Result = ({ result }) => html`<li class="ran ${result.outcome}"><div><span class="outcome">${WORDS[result.outcome] || visible(result.outcome)}</span> <b>${visible(result.rule || "nothing")}</b>${" "}<small class="dim">${visible(result.campaign || "no campaign")}</small></div>
  ${result.reason && html`<p class="why">${result.outcome === "not_matched" || result.outcome === "no_rule" ? "because " : ""}${visible(result.reason)}</p>`}
  ${(result.deliveries.length > 0 || result.log.length > 0) && html`<ul>${result.log.map((line, i) => html`<li class="log mono" key=${`l${i}`}>${visible(line)}</li>`)}${result.deliveries.map((one, i) => html`<${Request} delivery=${one} key=${i} />`)}</ul>`}</li>`;

function byEvent(results) {
  const groups = [];
  for (const result of results) {
    const last = groups.at(-1);
    if (last && last.event.id === result.event.id && last.event.source === result.event.source && last.results.every((one) => one.rule !== result.rule)) last.results.push(result);
    else groups.push({ event: result.event, results: [result] });
  }
  return groups;
}

const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;

function save(ran) {
  const campaign = ran.answer.results.find((one) => one.deliveries.length)?.campaign || ran.answer.results.find((one) => one.campaign)?.campaign || "rules";
  const url = URL.createObjectURL(new Blob([testOf(ran.events, ran.answer.results, ran.answers)], { type: "text/x-lua" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: `${campaign}_simulated_test.lua` });
  link.click();
  URL.revokeObjectURL(url);
}

export function Results({ ran, problems }) {
  const [all, setAll] = useState(true);
  if (!ran) return html`<${Empty} title="Run it">Each rule answers: what it would send, byte for byte, or why it would not.</${Empty}>`;
  const results = ran.answer.results;
  const requests = results.reduce((n, one) => n + one.deliveries.length, 0);
  const quiet = results.filter((one) => one.outcome === "not_matched" || one.outcome === "no_rule").length;
  const shown = byEvent(results.filter((one) => all || (one.outcome !== "not_matched" && one.outcome !== "no_rule")));
  const broken = problems.filter((one) => one.severity === "error" && ran.changes[one.file] != null);
  const failed = results.filter((one) => one.outcome === "failed" || one.outcome === "diverged").length;
  return html`<div class="summary" aria-live="polite"><p><b>${plural(byEvent(results).length, "event")}: ${plural(requests, "request")}</b>${failed > 0 && html`, <span class="bad-text">${failed} failed</span>`}, ${plural(results.length - quiet - failed, "rule")} ran, ${quiet} did not fire</p>
      <label class="check"><input type="checkbox" checked=${all} onChange=${(e) => setAll(e.target.checked)} /> Also what did not fire</label>
      <button class="quiet small" onClick=${() => save(ran)} title="A *_test.lua that expects exactly this">Save as a test</button></div>
    ${broken.length > 0 && html`<div class="notice warn" role="status"><b>${visible(broken[0].file)} has errors.</b><span>What follows is what its last good version does, as after a reload.</span></div>`}
    ${shown.slice(0, SHOWN).map((group, i) => html`<section class="tried" key=${i}><h3><span>${visible(group.event.type)}</span> <small class="dim mono">${visible(group.event.source)} · ${visible(group.event.time)} · ${visible(group.event.id)}</small></h3>
      <ul class="runs">${group.results.map((result, j) => html`<${Result} result=${result} key=${j} />`)}</ul></section>`)}
    ${shown.length > SHOWN && html`<p class="dim">${shown.length - SHOWN} more events are not shown.</p>`}`;
}
