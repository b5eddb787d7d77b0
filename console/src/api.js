// Requests to the engine. The token lives in this tab only.
const KEY = "switchhook.token";
let token = sessionStorage.getItem(KEY) || "";
let onUnauthorized = () => {};

export function setToken(value) {
  token = value;
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
}

export const whenUnauthorized = (callback) => { onUnauthorized = callback; };

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The engine answered ${status}.`);
    this.status = status;
    this.hint = problem.hint || "";
    this.file = problem.file || "";
    this.line = problem.line || 0;
    this.column = problem.column || 0;
  }
}

export function headers(more) {
  return token ? { ...more, authorization: `Bearer ${token}` } : { ...more };
}

// A JSON answer, or an ApiError. An engine that cannot be reached has the status 0.
export async function ask(path, { method = "GET", body, signal, text = false } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method, signal, credentials: "omit",
      headers: headers(body === undefined ? {} : { "content-type": "application/json" }),
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { detail: "The engine cannot be reached.", hint: "Is it running?" });
  }
  if (answer.status === 401) onUnauthorized();
  if (!answer.ok) throw new ApiError(answer.status, await answer.json().catch(() => ({})));
  return text ? answer.text() : answer.json();
}

export const query = (values) => {
  const pairs = Object.entries(values).filter(([, value]) => value !== "" && value != null);
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
};
