// What is loaded: campaigns, their rules, what is wrong with them, and their source.
import { html } from "../html.js";
import { useEffect, useState } from "preact/hooks";
import { ask } from "../api.js";
import { clock, number, visible } from "../format.js";
import { differences } from "../lines.js";
import { Dialog, Empty, Failure, Loading, Page, useAsk } from "../ui.js";

const Problem = ({ problem }) => html`<li class=${problem.severity}><div><span class="outcome">${visible(problem.severity)}</span> <span class="mono">${visible(problem.file || "")}${problem.line ? `:${problem.line}` : ""}</span></div>
  <b>${visible(problem.what)}</b>${problem.excerpt && html`<pre>${problem.line ? `${problem.line} | ` : ""}${visible(problem.excerpt)}</pre>`}${problem.hint && html`<p class="why">${visible(problem.hint)}</p>`}</li>`;

const SPANS = [["24h", "day"], ["7d", "7 days"], ["30d", "30 days"]];

// Which lines no recorded event reached, as the engine finds when it plays them.
function Reached({ file, data, error, since, onSince }) {
  const covered = data?.coverage.files.find((one) => one.file === file);
  const idle = (covered?.rule_list || []).filter((rule) => !rule.ran);
  const unreached = covered ? covered.lines.total - covered.lines.hit : 0;
  return html`<div class="reached"><label><span>Events of the last</span> <select value=${since} onChange=${(e) => onSince(e.target.value)}>${SPANS.map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}</select></label>
    ${error && html`<${Failure} error=${error} />`}
    ${!covered && !error && html`<span class="dim" role="status">playing them through these rules…</span>`}
    ${covered && html`<p role="status">${data.events === 0 ? "No event is on record." : html`<b>${unreached === 0 ? "Every line was reached" : `${number(unreached)} of ${number(covered.lines.total)} lines ${unreached === 1 ? "was" : "were"} not reached`}</b> by ${data.newest_only ? "the newest " : ""}${number(data.events)} ${data.events === 1 ? "event" : "events"}${data.cut_short ? "; more were not looked at" : ""}.`}
      ${idle.length > 0 && data.events > 0 && html` No event made ${idle.map((rule, n) => html`${n ? ", " : ""}<b>${visible(rule.rule)}</b>`)} run.`}
      <span class="dim"> Counted ${clock(Date.parse(data.computed))} with generation ${data.generation}${data.answers_made_up ? `; ${number(data.answers_made_up)} calls were not made then and got an empty answer` : ""}.</span></p>`}</div>`;
}

function Source({ file, generation }) {
  const { data, error } = useAsk(`/v1/rules/files?path=${encodeURIComponent(file)}`, { version: generation });
  const [since, setSince] = useState("7d");
  // A generation of its own has a count of its own.
  const { data: played, error: notPlayed } = useAsk(`/v1/rules/coverage?path=${encodeURIComponent(file)}&since=${since}`, { version: generation });
  if (error) return html`<${Failure} error=${error} />`;
  if (!data) return html`<${Loading} />`;
  const hits = new Map(played?.events ? played.coverage.files[0]?.hits : []);
  return html`<${Reached} file=${file} data=${played} error=${notPlayed} since=${since} onSince=${setSince} />
    <ol class="source ${hits.size ? "played" : ""}" tabindex="0" aria-label=${`Source of ${visible(file)}`}>${data.text.split("\n").map((line, i) => html`<li key=${i} class=${!hits.has(i + 1) ? "" : hits.get(i + 1) ? "hit" : "missed"}><code>${visible(line) || " "}</code>${hits.get(i + 1) === 0 && html`<small>not reached</small>`}</li>`)}</ol>`;
}

const Rule = ({ rule }) => html`<li><div><b>${visible(rule.name)}</b> <small class="dim">line ${rule.line}</small>${rule.once && html`<span class="tag">once</span>`}</div>
  <p class="sentence">on ${rule.on.map((type, i) => html`${i ? " or " : ""}<code>${visible(type)}</code>`)}
    ${rule.when.map((one, i) => html` ${i ? "and" : "when"} <code>${visible(one.tag)}</code> is ${one.negated ? "not " : ""}<code>${visible(one.condition)}</code>`)}
    ${rule.fire.length > 0 && html` → ${rule.fire.map((name, i) => html`${i ? ", " : ""}<a href=${`/ui/deliveries?service=${encodeURIComponent(name)}`}>${visible(name)}</a>`)}`}${rule.run && html` → <em>a function</em>`}</p></li>`;

function Campaign({ campaign, generation }) {
  const [source, setSource] = useState(false);
  return html`<section class="card campaign ${campaign.loaded ? "" : "broken"}"><h2>${visible(campaign.name)} ${!campaign.loaded && html`<span class="tag bad">not loaded</span>`}
      <button class="quiet small" aria-expanded=${source} onClick=${() => setSource(!source)}>${source ? "Hide the source" : "Source"}</button></h2>
    <p class="serves">${campaign.serves.length ? campaign.serves.map((one) => html`<span class="tag mono" key=${one}>${visible(one)}</span>`) : html`<span class="dim">serves no source of its own</span>`}
      <a href=${`/ui/deliveries?campaign=${encodeURIComponent(campaign.name)}`}>deliveries</a></p>
    <ul class="rule-list">${campaign.rules.map((rule) => html`<${Rule} rule=${rule} key=${rule.name} />`)}</ul>
    ${source && html`<${Source} file=${campaign.file} generation=${generation} />`}</section>`;
}

const MARKS = { "+": "come", "-": "gone", " ": "" };

// From that generation to the one that serves.
function Compare({ number: wanted, serving, onClose }) {
  const { data: then, error } = useAsk(`/v1/rules/generations/${wanted}`);
  const { data: now, error: noNow } = useAsk(`/v1/rules/generations/${serving}`);
  const texts = (data) => new Map((data?.files || []).filter((file) => !file.last_good_of).map((file) => [file.path, file.text]));
  const before = texts(then), after = texts(now);
  const changed = [...new Set([...before.keys(), ...after.keys()])].sort().filter((path) => before.get(path) !== after.get(path));
  return html`<${Dialog} title=${`From generation ${wanted} to ${serving}`} onClose=${onClose} wide>
    <${Failure} error=${error || noNow} />${(!then || !now) && !error && !noNow && html`<${Loading} />`}
    ${then && now && changed.length === 0 && html`<p>Their files are the same.</p>`}
    ${then && now && changed.map((path) => html`<div key=${path}><h3 class="mono">${visible(path)}</h3><pre class="diff" tabindex="0">${differences(before.get(path) ?? "", after.get(path) ?? "").map((line, i) => html`<span class=${MARKS[line.kind]} key=${i}>${line.kind} ${visible(line.text)}</span>`)}</pre></div>`)}
    <form method="dialog" class="actions"><button>Close</button></form></${Dialog}>`;
}

// "1 changed (main), 2 added"
function changes(summary) {
  return ["added", "changed", "removed", "kept"].filter((what) => summary?.[`n_${what}`]).map((what) => {
    const n = summary[`n_${what}`], names = summary[what] || [];
    return `${number(n)} ${what === "kept" ? "kept for errors" : what}${n <= 3 && names.length === n ? ` (${names.join(", ")})` : ""}`;
  }).join(", ");
}

function History({ serving, onChange }) {
  const { data, error, reload } = useAsk("/v1/rules/history");
  const [compare, setCompare] = useState(null);
  const [back, setBack] = useState(null);
  const [failed, setFailed] = useState(null);
  useEffect(reload, [serving]);
  if (error) return html`<section class="card"><h2>History</h2><${Failure} error=${error} /></section>`;
  if (!data || !data.history.length) return null;
  const roll = async () => {
    try {
      await ask(`/v1/rules/rollback/${back}`, { method: "POST", body: {} });
      setBack(null);
      setFailed(null);
      onChange(`Generation ${back} serves again.`);
    } catch (problem) {
      setFailed(problem);
    }
  };
  return html`<section class="card"><h2>History <small>${data.history.length}</small></h2><ul class="generations">${data.history.slice(0, 20).map((one, i) => html`<li key=${i}>
      <b>${one.generation}</b><time>${clock(Date.parse(one.time))}</time><span>${visible(one.cause)}</span>${changes(one.summary) && html`<span class="dim">${visible(changes(one.summary))}</span>`}${one.generation === serving && html`<span class="tag">serves</span>`}
      ${one.generation !== serving && html`<span class="pair"><button class="quiet small" onClick=${() => setCompare(one.generation)}>Compare</button><button class="quiet small" onClick=${() => setBack(one.generation)}>Roll back</button></span>`}</li>`)}</ul>
    ${compare != null && html`<${Compare} number=${compare} serving=${serving} onClose=${() => setCompare(null)} />`}
    ${back != null && html`<${Dialog} title=${`Let generation ${back} serve again?`} onClose=${() => setBack(null)}><p>New events go to the rules of then. Runs that have begun end with the rules they began with.</p><${Failure} error=${failed} />
      <form method="dialog" class="actions"><button>Cancel</button><button type="button" class="primary" onClick=${roll}>Roll back</button></form></${Dialog}>`}</section>`;
}

export function Rules() {
  const { data, error, reload } = useAsk("/v1/rules", { every: 15000 });
  const [word, setWord] = useState("");
  const [said, say] = useState(null);
  const [busy, setBusy] = useState(false);
  const load = async () => {
    setBusy(true);
    try {
      const answer = await ask("/v1/rules/reload", { method: "POST", body: {} });
      say({ good: true, text: `Generation ${answer.generation} serves.` });
    } catch (failed) {
      say({ good: false, text: failed.message });
    }
    setBusy(false);
    reload();
  };
  if (!data) return html`<${Page} title="Rules">${error ? html`<${Failure} error=${error} />` : html`<${Loading} />`}</${Page}>`;
  const wanted = word.trim().toLowerCase();
  const campaigns = data.campaigns.filter((one) => !wanted || [one.name, ...one.serves, ...one.rules.map((rule) => rule.name)].some((text) => text.toLowerCase().includes(wanted)));
  const rules = data.campaigns.reduce((n, one) => n + one.rules.length, 0);
  return html`<${Page} title="Rules" lead=${`Generation ${data.generation} · ${number(data.campaigns.length)} campaigns · ${number(rules)} rules`}
      actions=${html`<button onClick=${load} disabled=${busy}>Load again</button>`}>
    ${said && html`<div class="notice ${said.good ? "good" : "bad"}" role="status">${visible(said.text)}</div>`}
    ${data.problems.length > 0 && html`<section class="card"><h2>Problems <small>${data.problems.length}</small></h2><ul class="problems">${data.problems.map((problem, i) => html`<${Problem} problem=${problem} key=${i} />`)}</ul></section>`}
    <${History} serving=${data.generation} onChange=${(text) => { say({ good: true, text }); reload(); }} />
    <form class="filters" role="search" onSubmit=${(e) => e.preventDefault()}><label class="grow"><span>Find</span><input data-filter type="search" placeholder="a campaign, a source, a rule" value=${word} onInput=${(e) => setWord(e.target.value)} /></label></form>
    ${campaigns.length === 0 && html`<${Empty} title="No campaign fits">Look for another name, source or rule.</${Empty}>`}
    <div class="campaigns">${campaigns.slice(0, 100).map((one) => html`<${Campaign} campaign=${one} generation=${data.generation} key=${one.name} />`)}</div>
    ${campaigns.length > 100 && html`<p class="dim pad">${number(campaigns.length - 100)} more; narrow the search.</p>`}</${Page}>`;
}
