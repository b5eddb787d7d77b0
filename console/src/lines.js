// What differs between two texts, line by line: [{ kind: " " | "+" | "-", text }]. By the longest common subsequence; texts that are too
// long for that are shown as gone and come.
const CELLS_MAX = 4_000_000;

export function differences(before, after) {
  const a = before.split("\n"), b = after.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const left = a.slice(start, a.length - end), right = b.slice(start, b.length - end);
  const middle = left.length * right.length > CELLS_MAX
    ? [...left.map((text) => ({ kind: "-", text })), ...right.map((text) => ({ kind: "+", text }))] : common(left, right);
  const same = (texts) => texts.map((text) => ({ kind: " ", text }));
  return [...same(a.slice(Math.max(0, start - 3), start)), ...middle, ...same(a.slice(a.length - end, a.length - end + 3))];
}

function common(a, b) {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1] + 1 : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  const lines = [];
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { lines.push({ kind: " ", text: a[i] }); i += 1; j += 1; }
    else if (i < a.length && (j === b.length || lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) { lines.push({ kind: "-", text: a[i] }); i += 1; }
    else { lines.push({ kind: "+", text: b[j] }); j += 1; }
  }
  return lines;
}
