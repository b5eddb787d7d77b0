// The small parts that all pages share.
import { html } from "./html.js";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ask } from "./api.js";
import { pretty, visible } from "./format.js";

// What a path answers: { data, error, loading, reload }. The last data stay while new ones are fetched; another `version` asks anew.
export function useAsk(path, { every = 0, ask: how = ask, version = 0 } = {}) {
  const [state, set] = useState({ data: null, error: null, loading: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!path) return undefined;
    const control = new AbortController();
    set((before) => ({ ...before, loading: true }));
    how(path, { signal: control.signal }).then(
      (data) => set({ data, error: null, loading: false }),
      (error) => error.name !== "AbortError" && set((before) => ({ ...before, error, loading: false })));
    return () => control.abort();
  }, [path, turn, version]);
  useEffect(() => {
    if (!every || !path) return undefined;
    const timer = setInterval(() => !document.hidden && setTurn((n) => n + 1), every);
    return () => clearInterval(timer);
  }, [path, every]);
  useEffect(() => set({ data: null, error: null, loading: true }), [path]);
  return { ...state, reload: () => setTurn((n) => n + 1) };
}

const STATE_WORDS = { delivered: "delivered", pending: "pending", dead: "dead", expired: "expired" };
export const State = ({ state }) => html`<span class="state ${STATE_WORDS[state] || "unknown"}"><i aria-hidden="true"></i>${visible(state)}</span>`;

export const Failure = ({ error }) => error && html`
  <div class="notice bad" role="alert"><b>${visible(error.message)}</b>${error.hint && html`<span>${visible(error.hint)}</span>`}</div>`;

export const Empty = ({ title, children }) => html`<div class="empty"><svg viewBox="0 0 48 48" aria-hidden="true"><path d="M9 15h30M14 15v5a10 10 0 0 0 20 0v-5M24 30v9" /></svg><b>${title}</b><p>${children}</p></div>`;

export const Loading = () => html`<div class="loading" role="status" aria-label="loading"><i></i><i></i><i></i></div>`;

export const Page = ({ title, lead, actions, children }) => html`
  <header class="page-head"><div><h1>${title}</h1>${lead && html`<p>${lead}</p>`}</div>${actions && html`<div class="actions">${actions}</div>`}</header>
  ${children}`;

export function Copy({ text, label = "Copy" }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      return;
    }
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return html`<button class="quiet small" onClick=${copy}>${done ? "Copied" : label}</button>`;
}

const PIECE = 16 * 1024;

// A long text in blocks, at the ends of lines where there are any: the browser lays out only those in sight.
function pieces(text) {
  const list = [];
  for (let at = 0; at < text.length;) {
    let end = Math.min(at + PIECE, text.length);
    const line = end < text.length ? text.lastIndexOf("\n", end) + 1 : 0;
    if (line > at) end = line;
    else if (end < text.length && /[\ud800-\udbff]/.test(text[end - 1])) end -= 1;
    list.push(text.slice(at, end));
    at = end;
  }
  return list;
}

const broken = (text) => (!text || text.length >= 64 * 1024 ? text : pretty(text));

// A text from outside: as text, bounded until somebody wants all of it.
export function Body({ text, base64, cut, empty = "no body" }) {
  const [all, setAll] = useState(false);
  const whole = text ?? base64 ?? "";
  const shown = useMemo(() => pieces(visible(all ? broken(text) ?? whole : (broken(text) ?? whole).slice(0, PIECE))), [text, base64, all]);
  if (!whole) return html`<p class="dim">${empty}</p>`;
  return html`<pre class="body" tabindex="0">${shown.map((piece, i) => html`<span class="piece" key=${i}>${piece}</span>`)}</pre>
    ${base64 && html`<p class="dim">Not text; shown as base64.</p>`}
    ${cut && html`<p class="dim">The answer was longer; this is its beginning.</p>`}
    ${whole.length > PIECE && !all && html`<button class="quiet small" onClick=${() => setAll(true)}>Show all ${whole.length.toLocaleString("en")} characters</button>`}`;
}

export const Headers = ({ headers }) => {
  const rows = Object.entries(headers || {});
  return rows.length ? html`<dl class="headers">${rows.map(([name, value]) => html`<div key=${name}><dt>${visible(name)}</dt><dd>${visible(value)}</dd></div>`)}</dl>` : null;
};

export function Dialog({ title, onClose, wide, children }) {
  const dialog = useRef();
  useEffect(() => { dialog.current.showModal(); }, []);
  return html`<dialog ref=${dialog} class=${wide ? "wide" : ""} onClose=${onClose} aria-labelledby="dialog-title"><h2 id="dialog-title">${title}</h2>${children}</dialog>`;
}

export const DeliveryLine = ({ delivery }) => html`
  <span class="who"><b>${visible(delivery.service)}</b><small>${visible(delivery.campaign || "")}${delivery.rule ? ` · ${visible(delivery.rule)}` : ""}</small></span>`;
