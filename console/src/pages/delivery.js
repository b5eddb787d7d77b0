// One delivery: what was sent, byte for byte, each attempt, and sending it again.
import { html } from "../html.js";
import { useEffect, useState } from "preact/hooks";
import { onDelivery } from "../stream.js";
import { ago, clock, curl, precise, span, visible } from "../format.js";
import { Again } from "../recover.js";
import { Body, Copy, Failure, Headers, Loading, Page, State, useAsk } from "../ui.js";

const CAUSES = {
  dns: "the name could not be resolved", connect: "nobody answers at that address", tls: "no trusted connection came about",
  timeout: "no answer in time", reset: "the connection broke", protocol: "what came was no HTTP", refused: "the engine may not ask that address",
  status: "an answer that is no success", stopped: "the engine was stopping", expired: "it was too late to send it",
};

const Attempt = ({ attempt, n, open }) => html`<li class=${attempt.error ? "failed" : "good"}><details open=${open}>
  <summary><b>${n}</b><time title=${precise(attempt.at_ms)}>${clock(attempt.at_ms)}</time>
    <span class=${attempt.error ? "bad-text" : "good-text"}>${attempt.status || ""} ${attempt.error && attempt.error !== "status" ? visible(attempt.error) : ""}</span>
    <span class="dim">${attempt.error ? CAUSES[attempt.error] || "" : ""}</span><span class="took">${span(attempt.took_ms)}</span></summary>
  ${attempt.detail && html`<p class="detail">${visible(attempt.detail)}</p>`}
  ${attempt.sent_twice && html`<p class="detail">The request went out twice: a connection that was kept ended without a word.</p>`}
  <${Headers} headers=${attempt.headers} /><${Body} text=${attempt.body} base64=${attempt.body_base64} cut=${attempt.cut} empty=${attempt.status ? "an empty answer" : "no answer"} /></details></li>`;

export function Delivery({ id }) {
  const { data: delivery, error, reload } = useAsk(`/v1/deliveries/${encodeURIComponent(id)}`);
  const [again, setAgain] = useState(false);
  const [said, say] = useState("");
  useEffect(() => onDelivery((row) => row.id === id && setTimeout(reload, 300)), [id]);
  const up = html`<a class="button" data-up href="/ui/deliveries">All deliveries</a>`;
  if (error && !delivery) return html`<${Page} title="Delivery" actions=${up}><${Failure} error=${error} /></${Page}>`;
  if (!delivery) return html`<${Page} title="Delivery" actions=${up}><${Loading} /></${Page}>`;
  const attempts = delivery.attempts || [];
  return html`<${Page} title=${html`${visible(delivery.service)} <${State} state=${delivery.state} />`}
      lead=${html`${clock(delivery.created_ms)}, ${ago(delivery.created_ms)} · ${attempts.length === 1 ? "one attempt" : `${attempts.length} attempts`}`}
      actions=${html`${up}<button class="primary" disabled=${delivery.state === "pending"} onClick=${() => setAgain(true)}>Send again…</button>`}>
    ${said && html`<div class="notice good" role="status">${said}</div>`}
    ${delivery.next_ms && html`<div class="notice note">The next attempt: ${clock(delivery.next_ms)}.</div>`}
    <dl class="facts">
      <div><dt>Call</dt><dd><a class="mono" href=${`/ui/calls/${encodeURIComponent(delivery.call)}`}>${visible(delivery.call)}</a></dd></div>
      ${delivery.event && html`<div><dt>Event</dt><dd>${visible(delivery.event.type)} <span class="mono dim">${visible(delivery.event.id)}</span></dd></div>`}
      <div><dt>Campaign</dt><dd><a href=${`/ui/deliveries?campaign=${encodeURIComponent(delivery.campaign)}`}>${visible(delivery.campaign)}</a></dd></div>
      <div><dt>Rule</dt><dd>${visible(delivery.rule)}, ${visible(delivery.verb)}, step ${delivery.step}</dd></div>
      <div><dt>Key</dt><dd class="mono">${visible(delivery.id)}</dd></div>
    </dl>
    <div class="columns wide-first">
      <section class="card"><h2>Request <${Copy} text=${curl(delivery)} label="Copy as curl" /></h2>
        <p class="target"><b>${visible(delivery.method)}</b> <span class="mono">${visible(delivery.url)}</span></p>
        <${Headers} headers=${delivery.headers} /><${Body} text=${delivery.body} base64=${delivery.body_base64} />
        <details class="curl"><summary>As a curl command</summary><${Body} text=${curl(delivery)} /></details></section>
      <section class="card"><h2>Attempts</h2>${attempts.length ? html`<ol class="attempts-list">${attempts.map((attempt, i) => html`<${Attempt} attempt=${attempt} n=${i + 1} open=${i === attempts.length - 1} key=${i} />`)}</ol>` : html`<p class="dim pad">None yet.</p>`}</section>
    </div>
    ${again && html`<${Again} id=${delivery.id} what=${`delivery to ${visible(delivery.service)}`} onClose=${() => setAgain(false)} onDone=${() => { setAgain(false); say("It is sent again, under the same key."); reload(); }} />`}
  </${Page}>`;
}
