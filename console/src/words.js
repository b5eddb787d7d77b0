// What the editor completes. The tags are read from the engine's own list when the console is built.
import { TAGS } from "virtual:tags";

const word = (label, detail, type = "function") => ({ label, detail, type });

export const WORDS = {
  tags: TAGS,
  api: [
    word("rule", "a named trigger: on, when, fire or run"), word("serves", "the sources of this campaign"), word("tags", "tags of your own"),
    word("http.service", "a web service"), word("soap.service", "a SOAP web service"), word("require", "a module of the rules"),
    word("at_least", "a condition"), word("at_most", "a condition"), word("between", "a condition"), word("matches", "a condition, a Lua pattern"),
    word("present", "a condition"), word("absent", "a condition"), word("not_", "turns a condition around"),
    word("wait_for", "the next event of a type, or nil"), word("sleep", "waits"), word("skip", "ends the run and says why"), word("log", "a line of the call's timeline"),
    word("clock.now", "the time of this run"), word("json.encode", "a value as JSON"), word("json.decode", "JSON as a value"), word("json.null", "null", "constant"), word("json.array", "an array, also when empty"),
    ...["on", "when", "fire", "run", "once", "name", "method", "url", "params", "headers", "form", "json", "xml", "text", "body", "timeout", "retry", "order", "limit", "expires", "active", "strict"].map((label) => word(label, "a field", "property")),
    ...TAGS.map((label) => word(`call.${label}`, "a tag", "variable")),
  ],
};
