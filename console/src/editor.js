// CodeMirror, in a shadow root: there it may use style sheets of its own under a policy that allows no inline style.
import { autocompletion, completionKeymap, closeBrackets } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, indentOnInput, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { lua } from "@codemirror/legacy-modes/mode/lua";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, RangeSet, StateEffect, StateField } from "@codemirror/state";
import { Decoration, drawSelection, EditorView, gutter, GutterMarker, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { META } from "virtual:meta";
import { complete } from "./completion.js";

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
  ".cm-gutters": { backgroundColor: "var(--paper)", color: "var(--dim)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--select)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "8px", maxWidth: "min(520px, 90vw)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--accent-ink)" },
  ".cm-completionDetail": { color: "var(--dim)", fontStyle: "normal" }, "li[aria-selected] .cm-completionDetail": { color: "inherit" },
  ".cm-completionInfo": { whiteSpace: "pre-wrap", padding: "8px 10px", fontSize: "12.5px", maxHeight: "260px", overflow: "auto" },
  ".cm-diagnostic": { whiteSpace: "pre-wrap", padding: "6px 10px" }, ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" }, ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--ink)" },
  ".cm-coverage": { width: "26px" }, ".cm-coverage .cm-gutterElement": { padding: "0" },
  ".cm-reached, .cm-missed": { display: "block", height: "100%", borderRight: "4px solid var(--good)", color: "var(--good)", fontSize: "10px", textAlign: "right", paddingRight: "3px", lineHeight: "2" },
  ".cm-missed": { borderRightColor: "var(--bad)", color: "var(--bad)" },
  ".cm-line.cm-never": { backgroundColor: "var(--bad-soft)" },
});

// --- coverage ---

class Hits extends GutterMarker {
  constructor(hits) { super(); this.hits = hits; }
  eq(other) { return other.hits === this.hits; }
  toDOM() {
    const mark = document.createElement("span");
    mark.className = this.hits ? "cm-reached" : "cm-missed";
    mark.title = this.hits ? `ran ${this.hits === 1 ? "once" : `${this.hits} times`}` : "was not reached";
    mark.textContent = this.hits ? (this.hits > 99 ? "99+" : String(this.hits)) : "–";
    return mark;
  }
}

const cover = StateEffect.define();
const NOTHING = { marks: RangeSet.empty, lines: Decoration.none };
// What ran is known of the text that ran: with the first change it is gone.
const coverage = StateField.define({
  create: () => NOTHING,
  update(value, transaction) {
    let next = transaction.docChanged ? NOTHING : value;
    for (const effect of transaction.effects) {
      if (!effect.is(cover)) continue;
      const at = effect.value.filter(([line]) => line <= transaction.state.doc.lines).map(([line, hits]) => [transaction.state.doc.line(line).from, hits]);
      next = { marks: RangeSet.of(at.map(([from, hits]) => new Hits(hits).range(from))), lines: Decoration.set(at.filter(([, hits]) => !hits).map(([from]) => Decoration.line({ class: "cm-never" }).range(from))) };
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field, (value) => value.lines),
});
const coverageGutter = gutter({ class: "cm-coverage", markers: (view) => view.state.field(coverage).marks });

// --- errors ---

// A column counts bytes; the mark goes over the word that stands there.
function rangeOf(line, column) {
  if (!column) {
    const skip = /^\s*/.exec(line.text)[0].length;
    return [line.from + Math.min(skip, line.length), line.to];
  }
  const before = new TextDecoder().decode(new TextEncoder().encode(line.text).slice(0, column - 1)).length;
  const word = /^(?:[\w.]+|.)?/u.exec(line.text.slice(before))[0];
  return [line.from + Math.min(before, line.length), line.from + Math.min(before + word.length, line.length)];
}

const diagnosticsOf = (state, problems) => problems.filter((one) => one.line > 0 && one.line <= state.doc.lines).map((one) => {
  const [from, to] = rangeOf(state.doc.line(one.line), one.column);
  return { from, to, severity: one.severity === "warning" ? "warning" : "error", message: one.hint ? `${one.what}\n${one.hint}` : one.what };
}).sort((a, b) => a.from - b.from);

// --- the editor ---

const completed = (rules) => async (context) => {
  const found = await complete(META, context.state.doc.toString(), context.pos, context.explicit, rules());
  return found?.options.length ? { ...found, validFor: /^[\w]*$/ } : null;
};

export function createEditor(place, { value, language, label, onChange, rules = () => ({ files: [], text: async () => "" }) }) {
  const root = place.attachShadow ? place.shadowRoot || place.attachShadow({ mode: "open" }) : place;
  const inside = document.createElement("div");
  inside.style.height = "100%";
  root.replaceChildren(inside);
  const isLua = language === "lua";
  // Tab belongs to the text only while somebody writes: Escape gives it back to the page until the editor is entered anew.
  const tab = new Compartment();
  const keepTab = keymap.of([indentWithTab]);
  let quiet = false;
  const view = new EditorView({
    root, parent: inside,
    state: EditorState.create({
      doc: value,
      extensions: [lineNumbers(), ...(isLua ? [coverage, coverageGutter] : []), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), highlightActiveLine(), highlightSelectionMatches(),
        isLua ? StreamLanguage.define(lua) : [json(), EditorView.lineWrapping], autocompletion(isLua ? { override: [completed(rules)] } : {}), lintGutter(), syntaxHighlighting(colors), theme,
        keymap.of([{ key: "Mod-Enter", run: () => false }, ...completionKeymap, ...searchKeymap, ...lintKeymap, ...historyKeymap]), tab.of(keepTab),
        keymap.of([...defaultKeymap.filter((one) => one.key !== "Mod-Enter"), { key: "Escape", run: (editor) => { editor.dispatch({ effects: tab.reconfigure([]) }); return true; } }]),
        EditorView.domEventHandlers({ focus: (_, editor) => { editor.dispatch({ effects: tab.reconfigure(keepTab) }); } }),
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off", autocorrect: "off" }), EditorState.tabSize.of(2),
        EditorView.updateListener.of((update) => { if (update.docChanged && !quiet) onChange(update.state.doc.toString()); })],
    }),
  });
  return {
    // Puts a text in, which is no change that somebody typed.
    set(text) {
      quiet = true;
      if (text !== view.state.doc.toString()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      quiet = false;
    },
    mark(problems) { view.dispatch(setDiagnostics(view.state, diagnosticsOf(view.state, problems))); },
    // [[line, how often it ran], …]: the lines that have something to run.
    cover(hits) { if (isLua) view.dispatch({ effects: cover.of(hits || []) }); },
    goTo(line, column) {
      if (line < 1 || line > view.state.doc.lines) return;
      const [from] = rangeOf(view.state.doc.line(line), column);
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
      view.focus();
    },
    destroy() { view.destroy(); },
  };
}
