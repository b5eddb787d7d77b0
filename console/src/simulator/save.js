// Saving into the rules folder, where the engine was started for it.
import { html } from "../html.js";
import { useState } from "preact/hooks";
import { ask } from "../api.js";
import { visible } from "../format.js";
import { Dialog, Failure } from "../ui.js";

const WHY_NOT = "Saving is off: this engine was started without --edit-rules.";

function NewFile({ onClose, onNew }) {
  const [name, setName] = useState("");
  const wrong = name && !/^\w[\w.-]*(\/\w[\w.-]*)*\.lua$/.test(name) ? "A path below the rules folder that ends in .lua" : "";
  return html`<${Dialog} title="A new file of rules" onClose=${onClose}><form method="dialog" onSubmit=${(e) => { e.preventDefault(); if (name && !wrong) { onNew(name); onClose(); } }}>
    <label>Path<input data-new value=${name} placeholder="spring_offers.lua" onInput=${(e) => setName(e.target.value.trim())} autofocus /></label>${wrong && html`<p class="bad-text">${wrong}</p>`}
    <div class="actions"><button type="button" onClick=${onClose}>Cancel</button><button class="primary" disabled=${!name || !!wrong}>Begin it</button></div></form></${Dialog}>`;
}

const said = (answer) => (answer.reload ? `Saved. Generation ${answer.reload.generation} serves.` : `Saved, but the rules that serve did not change: ${answer.refused}`);

export function Save({ files, changes, bases, onNew, onSaved }) {
  const [dialog, setDialog] = useState("");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(null);
  const changed = Object.keys(changes);
  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      const answer = await ask("/v1/rules/files", { method: "PUT", body: { files: changed.map((path) => ({ path, text: changes[path], was: bases[path] ?? null })) } });
      setDone({ good: !!answer.reload, text: said(answer) });
      setDialog("");
      onSaved();
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  };
  if (!files) return null;
  return html`${done && !changed.length && html`<span class=${done.good ? "good-text" : "bad-text"} role="status">${visible(done.text)}</span>`}
    ${!files.editable && html`<span class="dim small-text" id="why-no-save">${WHY_NOT}</span>`}
    <button class="quiet" onClick=${() => setDialog("new")}>New file…</button>
    <button onClick=${() => { setDone(null); setError(null); setDialog("save"); }} disabled=${!files.editable || !changed.length} aria-describedby=${files.editable ? null : "why-no-save"}>Save…</button>
    ${dialog === "new" && html`<${NewFile} onClose=${() => setDialog("")} onNew=${onNew} />`}
    ${dialog === "save" && html`<${Dialog} title=${changed.length === 1 ? `Save ${visible(changed[0])}?` : `Save ${changed.length} files?`} onClose=${() => setDialog("")}>
      <p>${changed.length > 1 ? `${changed.map(visible).join(", ")}: they are checked, written into the rules folder, and serve` : "It is checked, written into the rules folder, and serves"} from the next event on.</p><${Failure} error=${error} />
      <form method="dialog" class="actions"><button>Cancel</button><button type="button" class="primary" onClick=${save} disabled=${busy}>${busy ? "Saving" : "Save"}</button></form></${Dialog}>`}`;
}
