// GET /v1/stream, one for all pages. By fetch and not by EventSource, which cannot carry a token.
import { signal } from "./signal.js";
import { headers } from "./api.js";

export const totals = signal(null);      // the last one, with `at`
export const rates = signal([]);         // of the last minutes: { at, events, delivered, failed, pending }
export const connection = signal("connecting"); // "live", "lost", "off"
const listeners = new Set();
const resets = new Set();
const KEPT = 300;
let lastId = "";
let running = false;

export function onDelivery(listener, reset) {
  listeners.add(listener);
  if (reset) resets.add(reset);
  return () => { listeners.delete(listener); resets.delete(reset); };
}

function take(kind, id, data) {
  if (id) lastId = id;
  if (kind === "delivery") {
    listeners.forEach((listener) => listener(data));
  } else if (kind === "totals") {
    const before = totals.value;
    if (before && data.time_ms > before.time_ms && data.events >= before.events) {
      const seconds = (data.time_ms - before.time_ms) / 1000;
      const rate = (name) => (data[name] - before[name]) / seconds;
      rates.value = [...rates.value.slice(1 - KEPT), {
        at: data.time_ms / 1000, events: rate("events"), delivered: rate("delivered"), dead: rate("dead"),
        attempts: rate("attempts"), pending: data.pending }];
    }
    totals.value = data;
    if (data.left_out) resets.forEach((reset) => reset());
  } else if (kind === "reset") {
    resets.forEach((reset) => reset());
  }
}

function parse(block) {
  let kind = "message", id = "", data = "";
  for (const line of block.split("\n")) {
    const at = line.indexOf(": ");
    const name = line.slice(0, at), value = line.slice(at + 2);
    if (name === "event") kind = value;
    else if (name === "id") id = value;
    else if (name === "data") data += value;
  }
  if (data) take(kind, id, JSON.parse(data));
}

async function listen() {
  const answer = await fetch("/v1/stream", { credentials: "omit", headers: headers(lastId ? { "last-event-id": lastId } : {}) });
  if (!answer.ok) {
    connection.value = answer.status === 503 ? "off" : "lost";
    return;
  }
  connection.value = "live";
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) parse(text.slice(0, end));
  }
}

export async function startStream() {
  if (running) return;
  running = true;
  for (;;) {
    try { await listen(); } catch { /* it is tried again */ }
    if (connection.value === "live") connection.value = "lost";
    await new Promise((done) => setTimeout(done, connection.value === "off" ? 10000 : 2000));
  }
}
