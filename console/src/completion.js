// What can stand at a place of a Lua text: from the descriptions in scripts/meta/ and from the other files of the rules. No editor in here.

// Where the place is: the brackets around it, whose they are, and the string that it stands in, if any.
export function scan(text, end) {
  const frames = [];
  let chain = ""; // what was named last: http.service, crm.orders:send
  let key = ""; // before "="
  let inside = null;
  let i = 0;
  const top = () => frames[frames.length - 1];
  while (i < end && !inside) {
    const rest = text.slice(i, i + 64);
    const word = /^[A-Za-z_][\w]*(\s*[.:]\s*[A-Za-z_]\w*)*/.exec(text.slice(i, i + 200))?.[0];
    const long = /^(--)?\[(=*)\[/.exec(rest);
    if (long) {
      const stop = text.indexOf(`]${long[2]}]`, i + long[0].length);
      if (stop < 0 || stop >= end) inside = { kind: long[1] ? "comment" : "string", start: i + long[0].length };
      i = stop + 2 + long[2].length;
    } else if (rest.startsWith("--")) {
      const stop = text.indexOf("\n", i);
      if (stop < 0 || stop >= end) inside = { kind: "comment" };
      i = stop;
    } else if (rest[0] === '"' || rest[0] === "'") {
      let j = i + 1;
      while (j < text.length && text[j] !== rest[0] && text[j] !== "\n") j += text[j] === "\\" ? 2 : 1;
      if (j >= end) inside = { kind: "string", start: i + 1 };
      else if (top()) top().strings.push({ key, text: text.slice(i + 1, j) });
      i = j + 1;
    } else if (word) {
      const name = word.replace(/\s/g, "");
      if (i + word.length >= end) break; // it is being written
      chain = /^(and|or|not|return|then|do|else|in|end|if|while|until|local)$/.test(name) ? "" : name;
      i += word.length;
    } else if ("({[".includes(rest[0])) {
      frames.push({ open: rest[0], at: i, callee: key && !chain ? "" : chain, key: chain ? "" : key, strings: [] });
      chain = key = "";
      i += 1;
    } else if (")}]".includes(rest[0])) {
      const closed = frames.pop();
      chain = closed?.open === "(" ? closed.callee : "";
      key = top()?.open === "{" ? "" : key;
      i += 1;
    } else {
      if (rest[0] === "=" && rest[1] !== "=" && !/[<>~=]/.test(text[i - 1] || "")) { key = chain; chain = ""; }
      else if (rest[0] === "," || rest[0] === ";") { key = chain = ""; }
      else if (!/\s/.test(rest[0])) chain = "";
      i += 1;
    }
  }
  return { frames, key, chain, inside };
}

const classesIn = (meta, type) => (type || "").replace(/\[\]/g, "").split(/[|()]/).map((one) => one.trim()).filter((one) => meta.classes[one]?.fields.length);

// Whose keys a table has: { class } or { tags: true } of a rule's conditions.
function ownerOf(meta, frames, index) {
  const frame = frames[index];
  if (!frame || frame.open !== "{") return null;
  if (frame.callee) {
    const called = meta.functions[frame.callee] || meta.functions[frame.callee.replace(/^.*:(send|call|try_call)$/, "service:$1")] || meta.functions[frame.callee.replace(/^\w+:/, "t:")];
    const declared = /declaration: ([\w.]+)/.exec(called?.returns || "")?.[1];
    const found = [...(called?.params || []), declared].flatMap((type) => classesIn(meta, type))[0];
    return found ? { class: found } : null;
  }
  const outer = ownerOf(meta, frames, index - 1);
  if (!frame.key) return frames[index - 1]?.open === "(" ? ownerOf(meta, [{ ...frame, callee: frames[index - 1].callee }], 0) : null;
  if (outer?.class === "rule" && frame.key === "when") return { tags: true };
  const field = outer && meta.classes[outer.class]?.fields.find((one) => one.name === frame.key);
  const found = field && classesIn(meta, field.type)[0];
  return found ? { class: found } : null;
}

// The event types that the rule around the place wants; [] when it says none, or any.
function wanted(text, frames) {
  const rule = [...frames].reverse().find((frame) => frame.callee === "rule" && frame.open === "{");
  if (!rule) return [];
  const end = text.indexOf("\nrule", rule.at);
  const on = /\bon\s*=\s*(?:"([^"]*)"|\{([^}]*)\})/.exec(text.slice(rule.at, end < 0 ? undefined : end));
  return on ? (on[1] ? [on[1]] : (on[2].match(/"([^"]*)"/g) || []).map((one) => one.slice(1, -1))) : [];
}

function tagsOf(meta, text, types) {
  const own = [...text.matchAll(/^\s*tags\s*\(?\s*\{([^}]*)\}/gm)].flatMap(([, list]) => (list.match(/"([^"]*)"/g) || []).map((one) => one.slice(1, -1)));
  const known = types.length && types.every((type) => meta.events[type]);
  const names = known ? [...new Set(types.flatMap((type) => meta.events[type]))] : meta.tags;
  const where = known ? types.join(", ") : "a tag";
  return [...own.map((label) => ({ label, type: "variable", detail: "a tag of this campaign", boost: 2 })), ...names.map((label) => ({ label, type: "variable", detail: where }))];
}

const moduleOf = (text, name) => new RegExp(`\\blocal\\s+${name}\\s*=\\s*require\\s*\\(?\\s*["']([\\w.]+)["']`).exec(text)?.[1];
const isService = (text, name) => new RegExp(`\\b${name}\\s*=\\s*(http|soap)\\.service\\b`).test(text);
const pathOf = (module) => `${module.replaceAll(".", "/")}.lua`;
export const servicesIn = (text) => [...text.replace(/--.*$/gm, "").matchAll(/(?:^|[\s{,.])([A-Za-z_]\w*)\s*=\s*(http|soap)\.service\b/g)].map(([, name, kind]) => ({ name, kind }));

const fields = (meta, name) => (meta.classes[name]?.fields || []).map((one) => ({ label: one.name, type: "property", detail: one.type, info: one.doc }));
const described = (meta, name, label) => ({ label, type: "function", detail: meta.functions[name].args, info: meta.functions[name].doc });
const methods = (meta, owner) => Object.keys(meta.functions).filter((name) => name.startsWith(`${owner}:`)).map((name) => described(meta, name, name.slice(owner.length + 1)));
const KEYWORDS = "and break do else elseif end false for function if in local nil not or repeat return then true until while".split(" ");

// What may follow "base." or "base:".
async function members(meta, text, at, base, separator, rules) {
  const { frames } = scan(text, at);
  const before = text.slice(0, at);
  const params = [...before.matchAll(/function\s*\(\s*(\w*)\s*(?:,\s*(\w+))?/g)].at(-1) || [];
  if (base === "t" && separator === ":") return methods(meta, "t");
  if (base === (params[1] || "call") || base === "call") {
    return separator === ":" ? methods(meta, "call_members") : [...fields(meta, "call.members").map((one) => ({ ...one, boost: 1 })), ...tagsOf(meta, text, wanted(text, frames))];
  }
  if (base === params[2] && separator === ".") return fields(meta, "event").map((one) => ({ ...one, boost: 1 })).concat(tagsOf(meta, text, wanted(text, frames)));
  const awaited = new RegExp(`\\blocal\\s+${base.replace(/\W/g, "\\$&")}\\s*=\\s*wait_for\\s*\\(?\\s*["'](\\w+)["']`).exec(before);
  if (awaited && separator === ".") return tagsOf(meta, text, [awaited[1]]);
  if (separator === ":") {
    const [group, name] = base.split(".");
    const module = moduleOf(text, group);
    if (isService(before, base)) return methods(meta, "service");
    return module && name && servicesIn((await rules.text(pathOf(module))) || "").some((one) => one.name === name) ? methods(meta, "service") : [];
  }
  const module = moduleOf(text, base);
  if (module) return servicesIn((await rules.text(pathOf(module))) || "").map((one) => ({ label: one.name, type: "variable", detail: `a service, ${one.kind}` }));
  const own = Object.keys(meta.functions).filter((name) => name.startsWith(`${base}.`)).map((name) => described(meta, name, name.slice(base.length + 1)));
  return [...own, ...(own.length ? fields(meta, base) : [])];
}

function inString(meta, text, at, place, rules) {
  const { frames, key, chain, inside } = place;
  const typed = text.slice(inside.start, at);
  const top = frames[frames.length - 1];
  const callee = top?.open === "(" && !key ? top.callee : chain;
  const whole = (options) => ({ from: inside.start, options });
  if (callee === "require") {
    return whole(rules.files.filter((path) => path.endsWith(".lua") && !path.endsWith("_test.lua") && path.includes("/"))
      .map((path) => ({ label: path.slice(0, -4).replaceAll("/", "."), type: "namespace", detail: "a module" })));
  }
  const owner = ownerOf(meta, frames, frames.length - 1);
  const list = top?.open === "{" && !owner && top.key ? ownerOf(meta, frames, frames.length - 2) : null;
  const field = meta.classes[(list || owner)?.class]?.fields.find((one) => one.name === (list ? top.key : key));
  if (field?.type.includes("event_type") || callee === "wait_for" || /^\w+:event$/.test(callee || "")) {
    return whole(meta.choices.event_type.map(([label, info]) => ({ label, type: "enum", info })));
  }
  const literals = [...(field?.type || "").matchAll(/"([^"]+)"/g)].map(([, label]) => ({ label, type: "enum", detail: field.name }));
  if (literals.length) return whole(literals);
  const isOpen = (index) => (typed.slice(0, index).match(/#/g) || []).length % 2 === 0;
  const filter = /#\w+\|(?:[^#]*\|)?(\w*)$/.exec(typed);
  if (filter && isOpen(filter.index)) return { from: at - filter[1].length, options: meta.filters.map(([label, example]) => ({ label, type: "function", detail: example, info: "a filter" })) };
  const tag = /#(\w*)$/.exec(typed);
  if (!tag || !isOpen(tag.index)) return null;
  return { from: at - tag[1].length, options: tagsOf(meta, text, wanted(text, frames)).map((one) => ({ ...one, apply: text[at] === "#" ? one.label : `${one.label}#` })) };
}

// { from, options } or null. `rules`: { files: [path…], text: async path => its text }.
export async function complete(meta, text, at, explicit, rules) {
  const before = text.slice(Math.max(0, at - 200), at);
  const place = scan(text, at);
  if (place.inside?.kind === "comment") return null;
  if (place.inside) return inString(meta, text, at, place, rules);
  const member = /([A-Za-z_][\w.]*)([.:])(\w*)$/.exec(before);
  if (member) return { from: at - member[3].length, options: await members(meta, text, at - member[3].length - 1, member[1], member[2], rules) };
  const word = /[A-Za-z_]\w*$/.exec(before)?.[0] || "";
  if (!word && !explicit) return null;
  const from = at - word.length;
  const isKey = place.frames.at(-1)?.open === "{" && /[{,;]\s*(--[^\n]*\s*)*$/.test(text.slice(0, from));
  const owner = isKey && ownerOf(meta, place.frames, place.frames.length - 1);
  if (owner?.tags) return { from, options: tagsOf(meta, text, wanted(text, place.frames)).map((one) => ({ ...one, apply: `${one.label} = ` })) };
  if (owner) return { from, options: fields(meta, owner.class).map((one) => ({ ...one, apply: `${one.label} = ` })) };
  const names = Object.keys(meta.functions);
  const locals = [...new Set([...text.slice(0, from).matchAll(/\blocal\s+(?:function\s+)?(\w+)/g)].map(([, label]) => label))];
  return { from, options: [
    ...locals.map((label) => ({ label, type: "variable", boost: 1 })),
    ...names.filter((name) => /^\w+$/.test(name)).map((name) => described(meta, name, name)),
    ...[...new Set(names.filter((name) => name.includes(".")).map((name) => name.split(".")[0]))].map((label) => ({ label, type: "namespace", info: meta.classes[label]?.doc })),
    ...KEYWORDS.map((label) => ({ label, type: "keyword" })),
  ] };
}
