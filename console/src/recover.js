// Sending again, and what is missing: each counts before it sends.
import { html } from "./html.js";
import { useEffect, useState } from "preact/hooks";
import { ask } from "./api.js";
import { clock, number, visible } from "./format.js";
import { Dialog, Failure, Loading } from "./ui.js";

const LISTED = 50;
export const TIMES = [["15m", "15 minutes"], ["1h", "an hour"], ["24h", "a day"], ["7d", "a week"]];

const given = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value));

// Counts before it sends: nobody sends ten thousand requests by a slip.
export function Recover({ filter, onClose, onDone }) {
  const scope = { service: filter.service, campaign: filter.campaign, call: filter.call, since: filter.since };
  const [rerender, setRerender] = useState(false);
  const [count, setCount] = useState(null);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const body = (more) => given({ state: "dead", ...scope, ...more });
  useEffect(() => { ask("/v1/redeliver", { method: "POST", body: body({ dry_run: true }) }).then(setCount, setError); }, []);
  const send = async () => {
    setBusy(true);
    try {
      const answer = await ask("/v1/redeliver", { method: "POST", body: body({ rerender }) });
      onDone(`${number(answer.count)} ${answer.count === 1 ? "delivery is" : "deliveries are"} sent again${answer.refused.length ? `; ${answer.refused.length} cannot be: ${answer.refused[0].reason}` : ""}.`);
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  const words = Object.entries(scope).filter(([, value]) => value).map(([name, value]) => `${name} ${value}`).join(", ");
  return html`<${Dialog} title="Send what failed again" onClose=${onClose}>
    <p>Every dead delivery${words ? html` of <b>${visible(words)}</b>` : " in the journal"}.</p>
    <${Failure} error=${error} />
    ${!count && !error && html`<${Loading} />`}
    ${count && html`<p class="count"><b>${number(count.count)}${count.more ? "+" : ""}</b> ${count.count === 1 ? "delivery" : "deliveries"}</p>
      <fieldset><legend>With</legend>
        <label><input type="radio" name="how" checked=${!rerender} onChange=${() => setRerender(false)} /> the same bytes, as they were sent</label>
        <label><input type="radio" name="how" checked=${rerender} onChange=${() => setRerender(true)} /> requests built anew with today's rules</label></fieldset>
      <p class="dim">Both under the key of the first attempt, so that a receiver can tell a repeat.</p>`}
    <form method="dialog" class="actions"><button>Cancel</button><button type="button" class="primary" disabled=${!count?.count || busy} onClick=${send}>${count ? `Send ${number(count.count)} again` : "Send again"}</button></form></${Dialog}>`;
}

// One delivery, or one run that failed.
export function Again({ id, what, run = false, onClose, onDone }) {
  const [rerender, setRerender] = useState(false);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    try {
      await ask(`/v1/deliveries/${encodeURIComponent(id)}/redeliver`, { method: "POST", body: given({ rerender }) });
      onDone();
    } catch (failed) {
      setError(failed);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${run ? "Run this rule again" : "Send this delivery again"} onClose=${onClose}><p class="count"><b>1</b> ${what}</p>
    <${Failure} error=${error} />
    <fieldset><legend>With</legend>
      <label><input type="radio" name="how" checked=${!rerender} onChange=${() => setRerender(false)} /> ${run ? "the rules that it ran with" : "the same bytes, as they were sent"}</label>
      <label><input type="radio" name="how" checked=${rerender} onChange=${() => setRerender(true)} /> ${run ? "today's rules" : "a request built anew with today's rules"}</label></fieldset>
    ${run && html`<p class="dim">From its top. What it has sent stays sent; a call that was dead is made again.</p>`}
    <form method="dialog" class="actions"><button>Cancel</button><button type="button" class="primary" disabled=${busy} onClick=${send}>${run ? "Run" : "Send"} again</button></form></${Dialog}>`;
}

// All pages of what is missing, added up: the engine looks at so many events at once.
async function missingPages(body, progress, isGone) {
  const sum = { count: 0, looked_at: 0, unsettled: 0, refused: [], rules: new Map(), list: [] };
  for (let after; after !== null && !isGone();) {
    const page = await ask("/v1/redeliver", { method: "POST", body: given({ missing: true, ...body, after }) });
    for (const name of ["count", "looked_at", "unsettled"]) sum[name] += page[name];
    sum.refused.push(...page.refused);
    for (const one of page.rules) {
      const key = JSON.stringify([one.campaign, one.rule]);
      sum.rules.set(key, (sum.rules.get(key) || 0) + one.count);
    }
    sum.list.push(...page.missing.slice(0, LISTED - sum.list.length));
    after = page.next_after;
    progress({ ...sum, counting: after !== null });
  }
  return sum;
}

const runs = (count) => `${number(count)} ${count === 1 ? "run" : "runs"}`;

// Events for which the rules as they are now would run, and that have nothing on record of it.
export function Missing({ filter, onClose, onDone }) {
  const [since, setSince] = useState(filter.since || "1h");
  const [only, setOnly] = useState("");
  const [all, setAll] = useState(null);
  const [error, setError] = useState(null);
  const [made, setMade] = useState(null);
  const scope = { since, campaign: filter.campaign, call: filter.call };
  useEffect(() => {
    let gone = false;
    setAll(null);
    setError(null);
    setOnly("");
    missingPages({ ...scope, dry_run: true }, (sum) => !gone && setAll(sum), () => gone).catch((failed) => !gone && setError(failed));
    return () => { gone = true; };
  }, [since]);
  const [campaign, rule] = only ? JSON.parse(only) : [];
  const count = only ? all?.rules.get(only) || 0 : all?.count || 0;
  const shown = (all?.list || []).filter((run) => !only || (run.campaign === campaign && run.rule === rule));
  const send = async () => {
    setMade({ count: 0 });
    try {
      const sum = await missingPages({ ...scope, ...(only && { campaign, rule }) }, setMade, () => false);
      onDone(`${runs(sum.count)} ${sum.count === 1 ? "is" : "are"} made up for${sum.refused.length ? `; ${number(sum.refused.length)} cannot be: ${sum.refused[0].reason}` : ""}.`);
    } catch (failed) {
      setError(failed);
      setMade(null);
    }
  };
  const words = Object.entries({ campaign: filter.campaign, call: filter.call }).filter(([, value]) => value).map(([name, value]) => `${name} ${value}`).join(", ");
  return html`<${Dialog} title="Find what is missing" onClose=${onClose} wide>
    <p>Events${words ? html` of <b>${visible(words)}</b>` : ""} for which the rules as they are now would run, and have nothing on record: the rule was not there, its campaign was broken, or its service was not active.</p>
    <div class="filters"><label><span>Events of the last</span><select value=${since} disabled=${Boolean(made)} onChange=${(e) => setSince(e.target.value)}>${TIMES.map(([value, label]) => html`<option key=${value} value=${value}>${label.replace(/^an? /, "")}</option>`)}
      ${!TIMES.some(([value]) => value === since) && html`<option value=${since}>since ${visible(since)}</option>`}</select></label>
      ${all?.rules.size > 1 && html`<label class="grow"><span>Rule</span><select value=${only} disabled=${Boolean(made)} onChange=${(e) => setOnly(e.target.value)}><option value="">all ${all.rules.size}</option>${[...all.rules].map(([key, n]) => html`<option key=${key} value=${key}>${visible(JSON.parse(key).join(": "))} (${number(n)})</option>`)}</select></label>`}</div>
    <${Failure} error=${error} />
    ${!all && !error && html`<${Loading} />`}
    ${all && html`<p class="count" role="status"><b>${number(count)}</b> ${count === 1 ? "run is" : "runs are"} missing <small class="dim">of ${number(all.looked_at)} events${all.counting ? ", counting…" : ""}</small></p>
      ${all.unsettled > 0 && html`<p class="dim">${number(all.unsettled)} ${all.unsettled === 1 ? "event is" : "events are"} not settled yet and left out.</p>`}
      ${shown.length > 0 && html`<ul class="missing" tabindex="0">${shown.map((run) => html`<li key=${run.id}><time title=${run.time}>${clock(Date.parse(run.time))}</time><span class="who"><b>${visible(run.rule)}</b><small>${visible(run.campaign)} · ${visible(run.type)}</small></span><a class="mono" href=${`/ui/calls/${encodeURIComponent(run.call)}`}>${visible(run.call)}</a></li>`)}</ul>
        ${count > shown.length && html`<p class="dim">The first ${shown.length}${only ? " of this rule among those that are listed" : ""}; <code>switchhook redeliver --missing --since ${visible(since)} --dry-run</code> lists all.</p>`}
        <p class="dim">A rule that was renamed counts as new: look at the list before you send. Doing it twice sends nothing twice.</p>`}`}
    ${made && html`<p class="dim" role="status">${runs(made.count)} made…</p>`}
    <form method="dialog" class="actions"><button>Cancel</button><button type="button" class="primary" disabled=${!count || all.counting || Boolean(made)} onClick=${send}>${count ? `Make ${runs(count)}` : "Nothing is missing"}</button></form></${Dialog}>`;
}
