// CodeMirror, in a shadow root: there it may use style sheets of its own under a policy that allows no inline style.
import { autocompletion, completionKeymap, closeBrackets } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, indentOnInput, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { lua } from "@codemirror/legacy-modes/mode/lua";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { WORDS } from "./words.js";

const colors = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)" }, { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--code-number)" }, { tag: tags.comment, color: "var(--dim)", fontStyle: "italic" },
  { tag: [tags.propertyName, tags.definition(tags.variableName)], color: "var(--code-name)" },
  { tag: [tags.standard(tags.variableName), tags.function(tags.variableName)], color: "var(--code-keyword)" },
]);

const theme = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "transparent", fontSize: "13px", height: "100%" },
  ".cm-content": { fontFamily: "var(--mono)", caretColor: "var(--accent)", padding: "10px 0" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", overflow: "auto" },
  "&.cm-focused": { outline: "none" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--dim)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--select)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "8px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "#fff" },
  ".cm-uncovered": { backgroundColor: "var(--bad-soft)" },
});

const cover = StateEffect.define();
const coverage = StateField.define({
  create: () => Decoration.none,
  update(value, transaction) {
    let next = value.map(transaction.changes);
    for (const effect of transaction.effects) if (effect.is(cover)) next = Decoration.set(effect.value);
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

// What operators write, with a word on each: rule, serves, service fields, tags in #…#.
function complete(context) {
  const word = context.matchBefore(/#?[\w.]*/);
  if (!word || (word.from === word.to && !context.explicit)) return null;
  const tag = word.text.startsWith("#");
  return { from: tag ? word.from + 1 : word.from, options: tag ? WORDS.tags.map((label) => ({ label, apply: `${label}#`, type: "variable" })) : WORDS.api, validFor: /^[\w.]*$/ };
}

function diagnosticsOf(state, problems) {
  return problems.filter((one) => one.line > 0 && one.line <= state.doc.lines).map((one) => {
    const line = state.doc.line(one.line);
    return { from: line.from, to: Math.max(line.to, line.from), severity: one.severity === "warning" ? "warning" : "error", message: one.hint ? `${one.what}\n${one.hint}` : one.what };
  });
}

export function createEditor(place, { value, language, label, onChange }) {
  const root = place.attachShadow ? place.shadowRoot || place.attachShadow({ mode: "open" }) : place;
  const inside = document.createElement("div");
  inside.style.height = "100%";
  root.replaceChildren(inside);
  const isLua = language === "lua";
  const view = new EditorView({
    root, parent: inside,
    state: EditorState.create({
      doc: value,
      extensions: [lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), highlightActiveLine(), highlightSelectionMatches(),
        isLua ? StreamLanguage.define(lua) : json(), autocompletion(isLua ? { override: [complete] } : {}), lintGutter(), coverage, syntaxHighlighting(colors), theme,
        keymap.of([{ key: "Mod-Enter", run: () => false }, ...completionKeymap, ...searchKeymap, ...historyKeymap, indentWithTab, ...defaultKeymap.filter((one) => one.key !== "Mod-Enter")]),
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }), EditorState.tabSize.of(2),
        EditorView.updateListener.of((update) => { if (update.docChanged) onChange(update.state.doc.toString()); })],
    }),
  });
  return {
    set(text) {
      if (text !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    mark(problems) { view.dispatch(setDiagnostics(view.state, diagnosticsOf(view.state, problems))); },
    cover(lines) {
      if (!lines) return;
      view.dispatch({ effects: cover.of(lines.filter((n) => n <= view.state.doc.lines).map((n) => Decoration.line({ class: "cm-uncovered" }).range(view.state.doc.line(n).from))) });
    },
    destroy() { view.destroy(); },
  };
}
