// A test of what was simulated, to be put beside the campaign: it holds now, and no longer when the rules do something else.
import { documents, Exact, parse } from "./events_text.js";

// The byte escapes of Lua, so that no character of an event can end the string or hide in it.
const quote = (text) => `"${String(text).replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n").replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (c) => `\\u{${c.codePointAt(0).toString(16)}}`)}"`;
const KEYWORDS = new Set("and break do else elseif end false for function goto if in local nil not or repeat return then true until while".split(" "));
const key = (name) => (/^[A-Za-z_]\w*$/.test(name) && !KEYWORDS.has(name) ? name : `[${quote(name)}]`);

function literal(value, indent) {
  if (value === null) return "json.null";
  if (value instanceof Exact) return value.text;
  if (typeof value === "string") return quote(value);
  if (typeof value !== "object") return String(value);
  const parts = Array.isArray(value) ? value.map((one) => literal(one, indent)) : Object.entries(value).map(([name, one]) => `${key(name)} = ${literal(one, indent)}`);
  if (!parts.length) return Array.isArray(value) ? "json.array {}" : "{}";
  const line = `{ ${parts.join(", ")} }`;
  if (line.length <= 100) return line;
  const inner = `${indent}  `;
  const again = Array.isArray(value) ? value.map((one) => literal(one, inner)) : Object.entries(value).map(([name, one]) => `${key(name)} = ${literal(one, inner)}`);
  return `{\n${again.map((one) => `${inner}${one},\n`).join("")}${indent}}`;
}

const masked = (text) => typeof text === "string" && text.includes("***");

// What is compared: as much as is fixed. A secret is not in what the simulation shows, so what holds one is left out.
function expected(result, delivery) {
  const wanted = { service: delivery.service, rule: result.rule, verb: delivery.verb, method: delivery.method };
  if (!masked(delivery.url)) wanted.url = delivery.url;
  const type = delivery.headers["content-type"] || "";
  let body = null;
  if (delivery.body && /\bjson\b/.test(type)) {
    try { body = { json: parse(delivery.body) }; } catch { /* as text */ }
  }
  if (!body && delivery.body != null && !masked(delivery.body)) body = { body: delivery.body };
  Object.assign(wanted, body, { state: delivery.state });
  return wanted;
}

const ms = (event) => Date.parse(event.time);

// What services answer, in the order in which the first that fits wins.
function answerLines(text, results) {
  const services = [...new Set(results.flatMap((one) => one.deliveries.map((delivery) => delivery.service)))];
  return (text.trim() ? parse(text) : []).flatMap(({ service, ...answer }) => (service === undefined ? services : [service])
    .map((name) => `  t:answer(${quote(name)}, ${literal(answer, "  ")})`));
}

// `text`: the events as they were simulated; `results`: what the engine answered; `answers`: the text of what services answered.
export function testOf(text, results, answers) {
  const events = documents(text).map(parse);
  const lines = ["-- Made by the simulator's \"Save as a test\". Put it beside the rules, and read it once: what it expects is what the rules did then.", ""];
  const order = [...new Map(results.map((one) => [one.event.id, one.event])).values()];
  const dataOf = (event) => events.find((one) => String(one.id ?? "") === event.id && one.type === event.type)?.data ?? events[order.indexOf(event)]?.data ?? {};
  const title = results.filter((one) => one.deliveries.length).map((one) => one.rule)[0] || results[0]?.rule || "nothing is sent";
  lines.push(`test(${quote(order.length === 1 ? `${order[0].type}: ${title}` : `${order.length} events: ${title}`)}, function(t)`);
  lines.push(...answerLines(answers, results));
  order.forEach((event, i) => {
    const wait = i ? ms(event) - ms(order[i - 1]) : 0;
    if (wait > 0) lines.push(`  t:advance "${wait}ms"`);
    lines.push(`  t:event(${quote(event.type)}, ${literal(dataOf(event), "  ")}, ${literal({ id: event.id, source: event.source, subject: event.subject, time: event.time }, "  ")})`);
  });
  const last = results.flatMap((one) => one.deliveries.flatMap((delivery) => delivery.attempts.map((attempt) => ms(one.event) + attempt.at_ms)));
  const rest = order.length ? Math.max(0, ...last.map((at) => at - ms(order[order.length - 1]))) : 0;
  if (rest > 0) lines.push(`  t:advance "${rest}ms"`);
  lines.push("");
  for (const result of results) for (const delivery of result.deliveries) lines.push(`  t:expect_request ${literal(expected(result, delivery), "  ")}`);
  lines.push("  t:expect_none()");
  // The last outcome of each rule, as the test asks for it: of the last event that it ran for.
  const outcomes = new Map();
  for (const result of results.filter((one) => one.rule)) {
    const before = outcomes.get(result.rule);
    if (!before || before.outcome === "not_matched" || result.outcome !== "not_matched") outcomes.set(result.rule, result);
  }
  for (const [rule, result] of outcomes) {
    const reason = result.reason && !masked(result.reason) && result.outcome !== "waiting" && result.outcome !== "failed" ? `, ${quote(result.reason)}` : "";
    lines.push(`  t:expect_outcome(${quote(rule)}, ${quote(result.outcome)}${reason})`);
  }
  lines.push("end)", "");
  return lines.join("\n");
}
