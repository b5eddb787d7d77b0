// What the console takes from /metrics: figures by service, and quantiles of the histograms.
import { ask } from "./api.js";

const LINE = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g;

export function parseMetrics(text) {
  const samples = [];
  for (const line of text.split("\n")) {
    const match = LINE.exec(line);
    if (!match) continue;
    const labels = {};
    for (const [, name, value] of (match[2] || "").matchAll(LABEL)) labels[name] = value.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c));
    samples.push({ name: match[1], labels, value: Number(match[3]) });
  }
  return samples;
}

// By linear interpolation within the bucket, as Prometheus does it. In seconds.
export function quantile(buckets, q) {
  const sorted = [...buckets].sort((a, b) => a.le - b.le);
  const total = sorted.at(-1)?.count || 0;
  if (!total) return null;
  const rank = q * total;
  let below = 0, from = 0;
  for (const { le, count } of sorted) {
    if (count >= rank) return le === Infinity ? from : from + (le - from) * ((rank - below) / Math.max(count - below, 1));
    below = count;
    from = le;
  }
  return from;
}

export async function servicesByMetrics(signal) {
  const services = new Map();
  const of = (name) => services.get(name) || services.set(name, { delivered: 0, dead: 0, expired: 0, good: 0, failed: 0, pending: 0, buckets: [] }).get(name);
  for (const { name, labels, value } of parseMetrics(await ask("/metrics", { signal, text: true }))) {
    if (!labels.service) continue;
    const service = of(labels.service);
    if (name === "switchhook_deliveries_total") service[labels.outcome] = value;
    else if (name === "switchhook_delivery_attempts_total") service[labels.result] = value;
    else if (name === "switchhook_deliveries_pending") service.pending = value;
    else if (name === "switchhook_delivery_attempt_duration_seconds_bucket") service.buckets.push({ le: labels.le === "+Inf" ? Infinity : Number(labels.le), count: value });
  }
  return services;
}
