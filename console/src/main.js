// The console: navigation, keys, and which page is shown.
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { html } from "./html.js";
import { go, place } from "./router.js";
import { useSignal } from "./signal.js";
import { ask, setToken, whenUnauthorized } from "./api.js";
import { connection, startStream, totals } from "./stream.js";
import { Dialog, Empty } from "./ui.js";
import { number } from "./format.js";
import { Overview } from "./pages/overview.js";
import { Deliveries } from "./pages/deliveries.js";
import { Delivery } from "./pages/delivery.js";
import { Calls } from "./pages/calls.js";
import { Rules } from "./pages/rules.js";
import { Services } from "./pages/services.js";
import { Simulator } from "./pages/simulator.js";

const ICONS = {
  overview: "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
  deliveries: "M4 7h16M4 12h10M4 17h7M17 13l3 3-3 3",
  calls: "M5 4h4l1.5 5L8 10.5a12 12 0 0 0 5.5 5.5L15 13.5l5 1.5v4a1 1 0 0 1-1 1A15 15 0 0 1 4 5a1 1 0 0 1 1-1z",
  rules: "M6 4v16M6 8h8a3 3 0 0 1 3 3v9M14 17l3 3 3-3",
  simulator: "M9 4h6M10 4v6l-5 8a1.5 1.5 0 0 0 1.3 2h11.4a1.5 1.5 0 0 0 1.3-2l-5-8V4M7.5 15h9",
  services: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM4 12h16M12 4c2.5 2.2 3.8 5 3.8 8s-1.3 5.8-3.8 8c-2.5-2.2-3.8-5-3.8-8s1.3-5.8 3.8-8z",
};
const PAGES = [
  ["overview", "/", "Overview", "o"], ["deliveries", "/ui/deliveries", "Deliveries", "d"], ["calls", "/ui/calls", "Calls", "c"],
  ["rules", "/ui/rules", "Rules", "r"], ["simulator", "/ui/simulator", "Simulator", "s"], ["services", "/ui/services", "Services", "v"],
];
const Icon = ({ name }) => html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d=${ICONS[name]} /></svg>`;

function pageOf(path) {
  if (path === "/") return ["overview", html`<${Overview} />`];
  const [, ui, name, id] = path.split("/");
  if (ui !== "ui") return ["", null];
  const arg = id && decodeURIComponent(path.split("/").slice(3).join("/"));
  if (name === "deliveries") return [name, arg ? html`<${Delivery} id=${arg} key=${arg} />` : html`<${Deliveries} />`];
  if (name === "calls") return [name, html`<${Calls} uii=${arg} />`];
  if (name === "rules") return [name, html`<${Rules} />`];
  if (name === "simulator") return [name, html`<${Simulator} />`];
  if (name === "services") return [name, html`<${Services} />`];
  return ["", null];
}

const CONNECTION = { live: "live", connecting: "connecting", lost: "no connection", off: "not live" };

function Rail({ current, onHelp }) {
  const state = useSignal(connection);
  const last = useSignal(totals);
  return html`<nav class="rail" aria-label="Pages">
    <a class="brand" href="/"><svg viewBox="0 0 32 32" aria-hidden="true"><path d="M7 11h18M10 11v3a6 6 0 0 0 12 0v-3M16 20v5" /></svg><span>switchhook</span></a>
    <ul>${PAGES.map(([name, href, label, key]) => html`<li key=${name}>
      <a href=${href} class=${current === name ? "here" : ""} aria-current=${current === name ? "page" : null} title=${`${label} (g ${key})`}><${Icon} name=${name} /><span>${label}</span></a></li>`)}</ul>
    <div class="rail-foot">
      <span class="live ${state}" role="status"><i aria-hidden="true"></i><span>${CONNECTION[state]}</span></span>
      ${last && html`<small>${number(last.pending)} under way</small>`}
      <button class="quiet small" onClick=${onHelp} title="Keys (?)">Keys</button>
    </div>
  </nav>`;
}

const KEYS = [
  ["g then o d c r s v", "Overview, Deliveries, Calls, Rules, Simulator, Services"], ["/", "to the filter"], ["j  k", "next, previous line"],
  ["Enter", "open the line"], ["u", "back to the list"], ["p", "pause or resume the live list"], ["?", "this list"],
];

const Help = ({ onClose }) => html`<${Dialog} title="Keys" onClose=${onClose}>
  <dl class="keys">${KEYS.map(([key, what]) => html`<div key=${key}><dt>${key.split("  ").map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>
  <form method="dialog"><button>Close</button></form></${Dialog}>`;

function SignIn({ onDone }) {
  const [token, set] = useState("");
  const [wrong, setWrong] = useState("");
  const submit = async (event) => {
    event.preventDefault();
    setToken(token.trim());
    try {
      await ask("/v1/status");
      onDone();
    } catch (error) {
      setWrong(error.message);
    }
  };
  return html`<main class="sign-in"><form onSubmit=${submit}>
    <h1>switchhook</h1><p>This engine wants the token of an operator. It is kept for this tab only.</p>
    <label>Token<input type="password" autocomplete="off" autofocus value=${token} onInput=${(e) => set(e.target.value)} /></label>
    ${wrong && html`<p class="bad-text" role="alert">${wrong}</p>`}<button class="primary" disabled=${!token.trim()}>Sign in</button></form></main>`;
}

let pressedG = 0;
function onKey(event, setHelp) {
  const target = event.composedPath()[0];
  if (event.ctrlKey || event.metaKey || event.altKey || target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
  if (document.querySelector("dialog[open]")) return;
  const page = Date.now() - pressedG < 1200 && PAGES.find(([, , , key]) => key === event.key);
  pressedG = event.key === "g" ? Date.now() : 0;
  if (page) go(page[1]);
  else if (event.key === "?") setHelp(true);
  else if (event.key === "/") document.querySelector("[data-filter]")?.focus();
  else if (event.key === "u") document.querySelector("[data-up]")?.click();
  else if (event.key === "p") document.querySelector("[data-pause]")?.click();
  else if (event.key === "j" || event.key === "k") {
    const rows = [...document.querySelectorAll("[data-row]")];
    const at = rows.indexOf(document.activeElement);
    rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + (event.key === "j" ? 1 : -1)))]?.focus();
  } else return;
  event.preventDefault();
}

function App() {
  const { path } = useSignal(place);
  const [help, setHelp] = useState(false);
  const [locked, setLocked] = useState(false);
  useEffect(() => {
    whenUnauthorized(() => setLocked(true));
    const listener = (event) => onKey(event, setHelp);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
  useEffect(() => { if (!locked) startStream(); }, [locked]);
  const [name, page] = pageOf(path);
  useEffect(() => { document.title = `${PAGES.find(([one]) => one === name)?.[2] || "Nothing here"} · switchhook`; }, [name]);
  if (locked) return html`<${SignIn} onDone=${() => setLocked(false)} />`;
  return html`<a class="skip" href="#main">To the content</a><${Rail} current=${name} onHelp=${() => setHelp(true)} />
    <main id="main" tabindex="-1">${page || html`<${Empty} title="Nothing is at this address">The pages are on the left.</${Empty}>`}</main>
    ${help && html`<${Help} onClose=${() => setHelp(false)} />`}`;
}

render(html`<${App} />`, document.getElementById("app"));
