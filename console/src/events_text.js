// Events as text: one JSON object, an array, or one after the other. The engine says what is wrong with them; here they are only taken apart.

// The texts of the documents, or of the items of the one array.
export function documents(text) {
  const found = [];
  let depth = 0, start = -1, quoted = false;
  const whole = text.trim();
  const source = whole.startsWith("[") ? whole.slice(1, -1) : whole;
  for (let i = 0; i < source.length; i += 1) {
    const c = source[i];
    if (quoted) {
      if (c === "\\") i += 1;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === "{" || c === "[") { if (depth === 0) start = i; depth += 1; }
    else if (c === "}" || c === "]") { depth -= 1; if (depth === 0 && start >= 0) { found.push(source.slice(start, i + 1)); start = -1; } }
  }
  return found;
}

// Its value; numbers that JavaScript cannot hold exactly stay as they were written: { number: "…" }.
export class Exact {
  constructor(text) { this.text = text; }
}
export const parse = (text) => JSON.parse(text, (_, value, context) => (typeof value === "number" && context?.source && String(value) !== context.source ? new Exact(context.source) : value));
