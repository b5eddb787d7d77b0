// Preact without a compiler: html`<p>…</p>`. Text is always text: nothing here ever writes markup.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
