// Is anything wrong? In one look.
import { html } from "../html.js";
import { useEffect, useState } from "preact/hooks";
import { useSignal } from "../signal.js";
import { ask } from "../api.js";
import { connection, onDelivery, rates, totals } from "../stream.js";
import { ago, bytes, clock, number, span, visible } from "../format.js";
import { DeliveryLine, Failure, Loading, Page, State, useAsk } from "../ui.js";
import { Plot } from "../plot.js";

const HOUR = 3600000;

// What is wrong, the worst first: { level, what, why, href, link }.
function findings(status, services, live, state) {
  const list = [];
  const journal = status.journal;
  const age = journal?.oldest_pending_time ? Date.now() - Date.parse(journal.oldest_pending_time) : 0;
  if (state === "lost") list.push({ level: "bad", what: "The engine does not answer", why: "What stands here is from before." });
  if (journal?.failing) list.push({ level: "bad", what: "The journal cannot write", why: "New events are refused until it can. The log says why: often the disk is full." });
  if (!status.campaigns) list.push({ level: "bad", what: "No campaign serves", why: "Events are accepted and start no rule.", href: "/ui/rules", link: "Rules" });
  if (status.rule_errors) list.push({ level: "bad", what: `${number(status.rule_errors)} ${status.rule_errors === 1 ? "error" : "errors"} in the rules`, why: "A campaign with an error goes on as it was, or serves nothing.", href: "/ui/rules", link: "Show them" });
  if (journal?.dead_deliveries) list.push({ level: "bad", what: `${number(journal.dead_deliveries)} ${journal.dead_deliveries === 1 ? "delivery is" : "deliveries are"} dead`, why: "All attempts failed. They can be sent again.", href: "/ui/deliveries?state=dead", link: "Look at them" });
  for (const one of services?.services || []) {
    if (one.breaker === "open") list.push({ level: "bad", what: `${visible(one.name)} is left alone`, why: "It failed too often. It is probed now and then; what is for it waits.", href: `/ui/services?service=${encodeURIComponent(one.name)}`, link: "Look" });
    else if (one.paused) list.push({ level: "warn", what: `${visible(one.name)} is paused`, why: "What is for it waits.", href: `/ui/services?service=${encodeURIComponent(one.name)}`, link: "Look" });
  }
  if (age > 10 * 60000) list.push({ level: "warn", what: `The oldest delivery waits for ${span(age)}`, why: "A service is slow, or is tried again and again.", href: "/ui/deliveries?state=pending", link: "What waits" });
  const failed = live?.runs_failed ?? status.totals.runs_failed;
  if (failed) list.push({ level: "warn", what: `${number(failed)} ${failed === 1 ? "run of a rule" : "runs of rules"} failed`, why: "Since the engine was started. Each can be run again.", href: "/ui/deliveries?state=dead", link: "Show the runs" });
  if (status.rule_warnings) list.push({ level: "note", what: `${number(status.rule_warnings)} ${status.rule_warnings === 1 ? "warning" : "warnings"} in the rules`, href: "/ui/rules", link: "Read" });
  return list;
}

const Verdict = ({ list, status }) => {
  const bad = list.filter((one) => one.level === "bad").length;
  const warn = list.filter((one) => one.level === "warn").length;
  const level = bad ? "bad" : warn ? "warn" : "good";
  const title = bad ? (bad === 1 ? "One thing is wrong" : `${bad} things are wrong`) : warn ? "Something to look at" : "All is well";
  return html`<section class="verdict ${level}" aria-live="polite"><div class="verdict-mark" aria-hidden="true"><i></i></div>
    <div><h2>${title}</h2>
    ${list.length === 0 && html`<p>Every delivery that is settled was delivered. ${number(status.campaigns)} ${status.campaigns === 1 ? "campaign serves" : "campaigns serve"}, generation ${status.generation}.</p>`}
    <ul>${list.map((one) => html`<li class=${one.level} key=${one.what}><b>${one.what}</b> ${one.why && html`<span>${one.why}</span>`} ${one.href && html`<a href=${one.href}>${one.link}</a>`}</li>`)}</ul></div></section>`;
};

const Figure = ({ label, value, unit, note, href, level }) => {
  const inside = html`<small>${label}</small><b class=${level || ""}>${value}${unit && html`<em>${unit}</em>`}</b><span>${note}</span>`;
  return href ? html`<a class="figure" href=${href}>${inside}</a>` : html`<div class="figure">${inside}</div>`;
};

function Latest() {
  const [rows, set] = useState(null);
  useEffect(() => {
    let gone = false;
    const load = () => ask("/v1/deliveries?limit=12").then((answer) => !gone && set(answer.deliveries), () => !gone && set((before) => before || []));
    load();
    const stop = onDelivery((row) => set((before) => [row, ...(before || []).filter((one) => one.id !== row.id)].slice(0, 12)), load);
    return () => { gone = true; stop(); };
  }, []);
  if (!rows) return html`<${Loading} />`;
  if (!rows.length) return html`<p class="dim pad">No delivery yet. Post an event, and it shows here at once.</p>`;
  return html`<ul class="ticker">${rows.map((row) => html`<li key=${row.id}><a href=${`/ui/deliveries/${encodeURIComponent(row.id)}`}>
    <time title=${row.time}>${clock(row.created_ms)}</time><${State} state=${row.state} /><${DeliveryLine} delivery=${row} /><span class="result">${row.status || visible(row.error || "")}</span></a></li>`)}</ul>`;
}

export function Overview() {
  const { data: status, error } = useAsk("/v1/status", { every: 5000 });
  const { data: services } = useAsk("/v1/services", { every: 10000 });
  const live = useSignal(totals);
  const series = useSignal(rates);
  const state = useSignal(connection);
  if (error && !status) return html`<${Page} title="Overview"><${Failure} error=${error} /></${Page}>`;
  if (!status) return html`<${Page} title="Overview"><${Loading} /></${Page}>`;
  const total = live || { ...status.totals, pending: status.pending };
  const settled = total.delivered + total.dead;
  const last = series.at(-1);
  const journal = status.journal;
  return html`<${Page} title="Overview" lead=${`Up ${span(Date.now() - status.started_ms)} · version ${status.version} · durability ${status.durability}`}>
    <${Verdict} list=${findings(status, services, live, state)} status=${status} />
    <section class="figures">
      <${Figure} label="Events" value=${number(last ? last.events : 0)} unit="/s" note=${`${number(total.events)} since the start`} />
      <${Figure} label="Delivered" value=${settled ? `${(Math.floor(1000 * total.delivered / settled) / 10).toFixed(1)}` : "–"} unit=${settled ? "%" : ""} note=${`${number(total.delivered)} of ${number(settled)} settled`} />
      <${Figure} label="Under way" value=${number(total.pending)} note=${journal?.oldest_pending_time ? `the oldest ${ago(Date.parse(journal.oldest_pending_time))}` : "nothing waits"} href="/ui/deliveries?state=pending" />
      <${Figure} label="Dead" value=${number(journal ? journal.dead_deliveries : total.dead)} level=${journal?.dead_deliveries ? "bad-text" : ""} note=${journal?.dead_deliveries ? "to be sent again" : "nothing to send again"} href="/ui/deliveries?state=dead" />
      <${Figure} label="Rules" value=${number(status.campaigns)} note=${`campaigns · ${number(status.services)} services`} href="/ui/rules" />
      <${Figure} label="Journal" value=${journal ? bytes(journal.bytes) : "none"} note=${journal ? `last commit ${span(journal.last_commit_us / 1000)}` : "nothing is kept"} />
    </section>
    <div class="columns">
      <section class="card"><h2>Right now</h2><${Plot} height=${220} empty="Collecting; a point a second." names=${["events/s", "delivered/s", "dead/s"]} colors=${["--ink-2", "--good", "--bad"]}
        data=${[series.map((p) => p.at), series.map((p) => p.events), series.map((p) => p.delivered), series.map((p) => p.dead)]} /></section>
      <section class="card"><h2>Latest deliveries <a href="/ui/deliveries">all</a></h2><${Latest} /></section>
    </div></${Page}>`;
}
