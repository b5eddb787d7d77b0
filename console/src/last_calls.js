// The calls that were seen last, for those who have no uii at hand.
import { ask } from "./api.js";
import { clock } from "./format.js";
import { useAsk } from "./ui.js";

const CALLS_SHOWN = 25;
const EVENTS_LOOKED_AT = 300;
const lines = (text) => text.split("\n").filter((line) => line.trim());

// The newest first, each with what is known of it from the last events.
function callsOf(text) {
  const calls = new Map();
  for (const line of lines(text)) {
    const event = JSON.parse(line);
    const call = calls.get(event.subject);
    if (call) { call.events += 1; call.first = event.type; } else calls.set(event.subject, { uii: event.subject, events: 1, first: event.type, last: event.type, source: event.source, time: event.time });
  }
  return [...calls.values()].slice(0, CALLS_SHOWN);
}

export function useLastCalls() {
  const { data } = useAsk(`/v1/events?newest=true&limit=${EVENTS_LOOKED_AT}`, { ask: (path, options) => ask(path, { ...options, text: true }) });
  return data ? callsOf(data) : [];
}

export const typesOf = (call) => (call.events === 1 ? call.last : `${call.first} … ${call.last}`);
export const nameOf = (call) => `${clock(Date.parse(call.time))}  ${typesOf(call)}  ${call.source}  (${call.uii})`;

// All events of a call, as text.
export const eventsOf = async (uii) => (await ask(`/v1/events?call=${encodeURIComponent(uii)}&limit=1000`, { text: true })).trim();
