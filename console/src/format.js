// How things are said.
export const number = (n) => (n == null ? "–" : Number(n).toLocaleString("en", { maximumFractionDigits: n < 10 && n % 1 ? 1 : 0 }));

export function ago(ms, now = Date.now()) {
  const s = Math.round((now - ms) / 1000);
  if (s < 1) return "now";
  return `${span(s * 1000)} ago`;
}

export function span(ms) {
  if (ms < 1) return ms ? "<1 ms" : "0 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 129600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} d`;
}

export function clock(ms) {
  const date = new Date(ms);
  const same = date.toDateString() === new Date().toDateString();
  const time = date.toLocaleTimeString("en-GB", { hour12: false });
  return same ? time : `${date.toLocaleDateString("en-CA")} ${time}`;
}

export const precise = (ms) => new Date(ms).toISOString().replace("T", " ");

export const bytes = (n) => {
  if (n == null) return "–";
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (n < 1000 || unit === "GB") return `${n < 10 && unit !== "B" ? n.toFixed(1) : Math.round(n)} ${unit}`;
    n /= 1000;
  }
  return "";
};

// JSON with its lines broken; as it is when it is none, or holds a number that would come out as another one.
export function pretty(text) {
  let exact = true;
  try {
    const value = JSON.parse(text, (_, one, context) => {
      if (typeof one === "number" && (context ? String(one) !== context.source : !Number.isSafeInteger(one))) exact = false;
      return one;
    });
    return exact ? JSON.stringify(value, null, 2) : text;
  } catch {
    return text;
  }
}

// Characters that would hide, move or reverse what stands beside them are shown by their names.
export const visible = (text) => String(text ?? "").replace(
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
  (c) => `\u2039U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}\u203a`);

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// What reproduces the request in a shell. Secrets are masked already, and stay so.
export function curl(delivery) {
  const parts = [`curl -X ${/^[A-Z]+$/.test(delivery.method) ? delivery.method : "POST"} ${quote(delivery.url || "")}`];
  for (const [name, value] of Object.entries(delivery.headers || {})) {
    if (name !== "content-length") parts.push(`  -H ${quote(`${name}: ${value}`)}`);
  }
  if (delivery.body) parts.push(`  --data-raw ${quote(delivery.body)}`);
  if (delivery.body_base64) return `base64 -d <<<${quote(delivery.body_base64)} | ${parts.join(" \\\n")} \\\n  --data-binary @-`;
  return parts.join(" \\\n");
}
