// CodeMirror is most of the console's bytes, so it comes only when an editor is shown.
import { html } from "../html.js";
import { useEffect, useRef } from "preact/hooks";

// What is typed belongs to the editor, and is told by `onChange`; `value` is put in when `epoch` changes. (Put in at each change, an older text could come
// back over a newer one.)
export function Editor({ api, value, epoch, onChange, language, problems, covered, rules, label }) {
  const place = useRef();
  const latest = useRef({});
  Object.assign(latest.current, { value, onChange, problems, covered, rules });
  useEffect(() => {
    let gone = false;
    import("../editor.js").then(({ createEditor }) => {
      if (gone || !place.current) return;
      const now = latest.current;
      api.current = createEditor(place.current, { value: now.value, language, label, onChange: (text) => latest.current.onChange(text), rules: () => latest.current.rules });
      api.current.mark(now.problems);
      api.current.cover(now.covered);
    });
    return () => { gone = true; api.current?.destroy(); api.current = null; };
  }, [language, label]);
  useEffect(() => { api.current?.set(value); }, [epoch]);
  useEffect(() => { api.current?.mark(problems); }, [JSON.stringify(problems)]);
  useEffect(() => { api.current?.cover(covered); }, [covered]);
  return html`<div class="editor" ref=${place} data-editor=${label}></div>`;
}
