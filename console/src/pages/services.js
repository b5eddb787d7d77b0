// How each web service does: what goes through, how fast, what waits.
import { html } from "../html.js";
import { useEffect, useMemo, useState } from "preact/hooks";
import { ask, query } from "../api.js";
import { place, setQuery } from "../router.js";
import { useSignal } from "../signal.js";
import { quantile, servicesByMetrics } from "../metrics.js";
import { clock, number, span, visible } from "../format.js";
import { Empty, Failure, Loading, Page, useAsk } from "../ui.js";
import { Plot } from "../plot.js";

const share = (good, all) => (all ? `${(Math.floor((1000 * good) / all) / 10).toFixed(1)} %` : "–");

async function load(path, options) {
  const [{ services }, figures] = await Promise.all([ask(path, options), servicesByMetrics(options.signal)]);
  return services.map((service) => {
    const seen = figures.get(service.name) || { delivered: 0, dead: 0, expired: 0, good: 0, failed: 0, pending: 0, buckets: [] };
    return { ...service, ...seen, attempts: seen.good + seen.failed, p50: quantile(seen.buckets, 0.5), p99: quantile(seen.buckets, 0.99) };
  });
}

function History({ name }) {
  const { data, error } = useAsk(`/v1/services/history${query({ service: name })}`, { every: 60000 });
  const points = data?.points || [];
  const series = useMemo(() => {
    const at = points.map((p) => p.time_ms / 1000);
    return {
      rate: [at, points.map((p) => p.attempts / 60), points.map((p) => p.failed / 60)],
      took: [at, points.map((p) => p.p50_ms == null ? null : p.p50_ms / 1000), points.map((p) => p.p99_ms == null ? null : p.p99_ms / 1000)],
    };
  }, [data]);
  if (error) return html`<${Failure} error=${error} />`;
  if (!data) return html`<${Loading} />`;
  return html`<div class="columns"><div><h3>Attempts a second</h3><${Plot} data=${series.rate} names=${["attempts", "failed"]} colors=${["--good", "--bad"]} empty="A point a minute; the first come soon." /></div>
    <div><h3>How long they take</h3><${Plot} data=${series.took} unit="s" names=${["p50", "p99"]} colors=${["--ink-2", "--warn"]} empty="A point a minute; the first come soon." /></div></div>`;
}

const BREAKER = { open: "bad", half_open: "warn" };

function Card({ service, open, onChange }) {
  const [error, setError] = useState(null);
  const canPause = service.paused !== undefined;
  const act = async (event, what) => {
    event.stopPropagation();
    try {
      await ask(`/v1/services/${encodeURIComponent(service.name)}/${what}`, { method: "POST", body: {} });
      setError(null);
      onChange();
    } catch (failed) {
      setError(failed);
    }
  };
  const failing = service.attempts && service.failed / service.attempts > 0.1;
  return html`<section class="card service"><header>
      <button data-row class="service-head" aria-expanded=${open} onClick=${() => setQuery({ service: open ? "" : service.name })}>
        <span class="lamp ${!service.active || service.paused ? "off" : failing || service.breaker === "open" ? "bad" : service.attempts ? "good" : ""}" aria-hidden="true"></span>
        <span class="who"><b>${visible(service.name)}</b><small class="mono">${service.file ? `${visible(service.method)} ${visible(service.url ?? "made by a function")}` : "the rules do not declare it any more"}</small></span>
        ${service.file && !service.active && html`<span class="tag">not active</span>`}${service.paused && html`<span class="tag warn">paused</span>`}
        ${failing && service.breaker !== "open" && html`<span class="tag bad">failing</span>`}
        ${service.breaker && service.breaker !== "closed" && html`<span class="tag ${BREAKER[service.breaker] || ""}">breaker ${visible(service.breaker.replace("_", " "))}</span>`}</button>
      <dl class="numbers"><div><dt>a minute</dt><dd>${number(service.rate_per_minute)}</dd></div><div><dt>success</dt><dd class=${failing ? "bad-text" : ""}>${share(service.good, service.attempts)}</dd></div><div><dt>p50</dt><dd>${service.p50 == null ? "–" : span(service.p50 * 1000)}</dd></div>
        <div><dt>p99</dt><dd>${service.p99 == null ? "–" : span(service.p99 * 1000)}</dd></div><div><dt>attempts</dt><dd>${number(service.attempts)}</dd></div>
        <div><dt>waiting</dt><dd><a href=${`/ui/deliveries${query({ service: service.name, state: "pending" })}`}>${number(service.pending)}</a></dd></div>
        <div><dt>oldest</dt><dd class=${service.oldest_pending ? "" : "dim"} title=${service.oldest_pending || ""}>${service.oldest_pending ? span(Math.max(0, Date.now() - Date.parse(service.oldest_pending))) : "–"}</dd></div>
        <div><dt>dead</dt><dd><a class=${service.dead ? "bad-text" : ""} href=${`/ui/deliveries${query({ service: service.name, state: "dead" })}`}>${number(service.dead)}</a></dd></div></dl>
      ${canPause && html`<button class="small" onClick=${(e) => act(e, service.paused ? "resume" : "pause")}>${service.paused ? "Resume" : "Pause"}</button>`}</header>
    <${Failure} error=${error} />
    ${open && html`<div class="service-more"><p class="dim">${service.file && `${visible(service.file)}:${service.line} · at most ${span(service.timeout_ms)} an attempt · `}${service.breaker ? `breaker ${visible(service.breaker.replace("_", " "))} · ` : ""}${service.oldest_pending ? `the oldest waits since ${clock(Date.parse(service.oldest_pending))} · ` : ""}${service.next_probe ? `it is probed at ${clock(Date.parse(service.next_probe))} · ` : ""}<a href=${`/ui/deliveries${query({ service: service.name })}`}>its deliveries</a></p><${History} name=${service.name} /></div>`}</section>`;
}

export function Services() {
  const { query: asked } = useSignal(place);
  const { data, error, reload } = useAsk("/v1/services", { every: 5000, ask: load });
  const [word, setWord] = useState("");
  if (!data) return html`<${Page} title="Services">${error ? html`<${Failure} error=${error} />` : html`<${Loading} />`}</${Page}>`;
  const wanted = word.trim().toLowerCase();
  const list = data.filter((one) => !wanted || `${one.name} ${one.url ?? ""}`.toLowerCase().includes(wanted));
  return html`<${Page} title="Services" lead=${`${number(data.length)} declared. Figures since the engine was started.`}>
    <form class="filters" role="search" onSubmit=${(e) => e.preventDefault()}><label class="grow"><span>Find</span><input data-filter type="search" placeholder="a name or an address" value=${word} onInput=${(e) => setWord(e.target.value)} /></label></form>
    ${list.length === 0 && html`<${Empty} title="No service fits">Services are declared in the modules under rules/services.</${Empty}>`}
    ${list.slice(0, 200).map((one) => html`<${Card} service=${one} open=${asked.service === one.name} onChange=${reload} key=${one.name} />`)}</${Page}>`;
}
