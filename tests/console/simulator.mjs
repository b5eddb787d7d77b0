// simulator.mjs BASE OFF SHOTS RULES DOWNLOADS: drives the console's simulator on a running engine whose rules may be saved, and on one (OFF) whose may
// not. Prints one JSON object a scenario. tests/system/test_simulator_page.py starts what it needs and judges what it says.
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { check, drive, equal, PHONE } from "./drive.mjs";

const [base, off, shots, rules, downloads, wanted] = process.argv.slice(2);
const TOKEN = "0123456789abcdef0123";
const headers = { authorization: `Bearer ${TOKEN}` };
const serving = async (path) => (await (await fetch(`${base}/v1/rules/files?path=${path}`, { headers })).json()).text;

const open = async (page, at = base) => {
  await page.goto(`${at}/ui/simulator`);
  await page.locator("[data-editor=Rules] .cm-content").waitFor();
  await page.locator("[data-editor=Events] .cm-content", { hasText: "specversion" }).waitFor();
};
const file = (page, name) => page.getByLabel("Rules").first().selectOption(name);
const text = async (page, editor) => (await page.locator(`[data-editor=${editor}] .cm-line`).allTextContents()).join("\n");

// Typed over a selection, Chromium would give the new text the look of the old one by an inline style, which the policy refuses, aloud.
async function type(page, editor, value) {
  await page.locator(`[data-editor=${editor}] .cm-content`).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(value);
}

// What is in the editor, with `what` in the place of `found`.
async function edit(page, found, what) {
  const path = await page.getByLabel("Rules").first().inputValue();
  const before = await serving(path);
  check(before.includes(found), `${found} is in ${path}`);
  await type(page, "Rules", before.replace(found, what));
}

const EVENT = { specversion: "1.0", id: "s1", type: "post_call", source: "/queues/1", time: "2025-10-14T18:00:00.000Z", data: { uii: "s-call", ani: "3", duration: 30 } };
const run = (page) => page.getByRole("button", { name: "Run", exact: true }).click();

async function complete(page, before, typed) {
  await type(page, "Rules", before);
  for (const letter of typed) await page.keyboard.press(letter === " " ? "Space" : letter);
  const list = page.locator("[data-editor=Rules] .cm-tooltip-autocomplete");
  if (!typed) await page.keyboard.press("Control+Space");
  await list.locator("li").first().waitFor();
  return (await list.locator(".cm-completionLabel").allTextContents());
}

const scenarios = {
  async "the gutter shows what ran and what did not"({ page, shot }) {
    await open(page);
    await file(page, "main.lua");
    await type(page, "Events", JSON.stringify(EVENT));
    await run(page);
    await page.locator("[data-editor=Rules] .cm-reached").first().waitFor();
    const missed = await page.locator("[data-editor=Rules] .cm-never").allTextContents();
    equal(missed.map((line) => line.trim()), ['log("a short one")'], "the lines that no event reached");
    equal(await page.locator("[data-editor=Rules] .cm-missed").count(), 1, "marks of them");
    const lines = (await serving("main.lua")).split("\n");
    const marks = await page.locator("[data-editor=Rules] .cm-coverage .cm-gutterElement .cm-reached").count();
    check(marks >= 5 && marks < lines.length, `${marks} lines ran`);
    await page.getByText(/^\d+ of \d+ lines with code ran/).waitFor();
    await shot("simulator-coverage");
    await type(page, "Events", [30, 3].map((duration, i) => JSON.stringify({ ...EVENT, id: `s${i}`, data: { ...EVENT.data, duration } })).join("\n"));
    await run(page);
    await page.locator("[data-editor=Rules] .cm-never").waitFor({ state: "detached" });
    await page.locator("[data-editor=Rules] .cm-reached[title='ran 2 times']").first().waitFor();
    await page.locator("[data-editor=Rules] .cm-content").click();
    await page.keyboard.press("Control+End");
    await page.keyboard.insertText("-- more\n");
    await page.locator("[data-editor=Rules] .cm-reached").first().waitFor({ state: "detached" });
  },

  async "each rule says what it would send, or why it did not fire"({ page }) {
    await open(page);
    await file(page, "main.lua");
    await type(page, "Events", JSON.stringify({ ...EVENT, data: { ...EVENT.data, duration: 3 } }));
    await run(page);
    await page.getByText("because duration is 3, not at_least(10)").waitFor();
    await page.locator(".summary", { hasText: "1 event: 0 requests, 1 rule ran, 2 did not fire" }).waitFor();
    await page.getByText("a short one", { exact: true }).waitFor();
    await page.getByLabel("Also what did not fire").uncheck();
    await page.getByText("because duration is 3").waitFor({ state: "detached" });
    equal((await fetch(`${base}/v1/events/s1`, { headers })).status, 404, "the event in the journal");
  },

  async "a change is compared over the recorded events"({ page, shot }) {
    await open(page);
    await file(page, "main.lua");
    await page.getByRole("tab", { name: "Against the running rules" }).click();
    check(await page.getByRole("button", { name: "Compare" }).isDisabled(), "nothing is changed yet");
    await edit(page, "at_least(10)", 'at_least(20), ani = not_("never")');
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByText("10 of 40 events differ, in 1 way").waitFor();
    await page.getByText("the last 40 recorded").waitFor();
    await page.getByText("no request any more").waitFor();
    await page.locator(".ways .gone", { hasText: "POST http://127.0.0.1:9/crm" }).waitFor();
    await shot("simulator-differences");
    await page.locator(".ways button.link", { hasText: "e10" }).click();
    await page.locator("[data-editor=Events] .cm-content", { hasText: '"e10"' }).waitFor();
    await page.getByRole("button", { name: "Undo changes" }).click();
    await page.getByText("The rules have changed since").waitFor();
    await file(page, "services/crm.lua");
    await page.locator("[data-editor=Rules] .cm-content", { hasText: "CRM records" }).waitFor();
    await edit(page, '"#ani#"', '"tel:#ani#"');
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByText("30 of 40 events differ, in 1 way").waitFor();
    await page.locator(".ways .outcome code", { hasText: "body.ani" }).waitFor();
    equal(await page.locator(".ways .diff span").allTextContents(), ['- "1"', '+ "tel:1"'], "what differs");
    await page.getByLabel("How many events").selectOption("100");
    await edit(page, "url", "ulr");
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByRole("alert").getByText("nothing is compared").waitFor();
  },

  async "sample calls are recorded, shipped, beside the rules, or made"({ page }) {
    await open(page);
    await file(page, "main.lua");
    const pick = page.getByLabel("Sample call");
    await pick.locator("option[value='call:c7']").waitFor({ state: "attached" });
    await pick.selectOption("call:c7");
    await page.locator("[data-editor=Events] .cm-content", { hasText: '"e7"' }).waitFor();
    equal((await text(page, "Events")).split("\n").map((line) => JSON.parse(line).id), ["e7", "e7-later"], "the events of the call");
    await pick.selectOption("file:samples/one.ndjson");
    await page.locator("[data-editor=Events] .cm-content", { hasText: "from-the-folder" }).waitFor();
    await run(page);
    await page.locator(".tried h3", { hasText: "from-the-folder" }).waitFor();
    await pick.selectOption("shipped:outbound-sale");
    await page.locator("[data-editor=Events] .cm-content", { hasText: "evt-o01" }).waitFor();
    await pick.selectOption("made:");
    await page.locator("[data-editor=Events] .cm-content", { hasText: "try-1" }).waitFor();
    const made = JSON.parse(await text(page, "Events"));
    equal([made.type, made.source, made.data.duration], ["post_call", "/queues/1", 10], "an event for the first rule of this campaign");
  },

  async "a call of the log is tried with its events"({ page }) {
    await page.goto(`${base}/ui/calls`);
    await page.getByRole("list", { name: "The last calls" }).getByRole("link", { name: /c7 post_call … enqueue/ }).click();
    await page.getByRole("link", { name: "Try it in the simulator" }).click();
    await page.locator("[data-editor=Events] .cm-content", { hasText: '"e7"' }).waitFor();
    equal((await text(page, "Events")).split("\n").map((line) => JSON.parse(line).id), ["e7", "e7-later"], "the events of the call");
    await page.waitForURL((url) => !url.search);
  },

  async "services answer what is written beside the events"({ page, shot }) {
    await open(page);
    await file(page, "orders.lua");
    await type(page, "Events", JSON.stringify({ ...EVENT, type: "agent_login", source: "/queues/2" }));
    await run(page);
    await page.locator(".ran.failed", { hasText: "OrderId" }).waitFor();
    await page.getByText("What the services answer").click();
    await page.getByRole("button", { name: "Begin with an example" }).click();
    await page.locator("[data-editor=Answers] .cm-content", { hasText: "CRM records" }).waitFor();
    await run(page);
    await page.locator(".ran .log", { hasText: "order SO-55120" }).waitFor();
    await type(page, "Answers", '[{"service": "CRM records",\n "body": {"OrderId": }]');
    await run(page);
    await page.getByRole("button", { name: /^Answers, line 2/ }).click();
    await page.locator("[data-editor=Answers] .cm-lint-marker-error").waitFor();
    equal(await page.evaluate(() => document.activeElement.dataset.editor), "Answers", "the editor has the focus");
    await shot("simulator-answers");
    await type(page, "Answers", '[{"service": "CRM records", "body": {"OrderId": 9007199254740993, "note": null}}]');
    await run(page);
    await page.locator(".ran .log", { hasText: "order 9007199254740993" }).waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as a test" }).click()]);
    equal(download.suggestedFilename(), "orders_simulated_test.lua", "its name");
    await download.saveAs(join(downloads, download.suggestedFilename()));
  },

  async "an event that is none says where"({ page, shot }) {
    await open(page);
    await type(page, "Events", `${JSON.stringify(EVENT)}\n${JSON.stringify(EVENT).replace('"data":', '"data" ')}`);
    await run(page);
    await page.getByRole("alert").waitFor();
    await page.getByRole("button", { name: /^Events, line 2/ }).click();
    await page.locator("[data-editor=Events] .cm-lint-marker-error").waitFor();
    equal(await page.evaluate(() => document.activeElement.dataset.editor), "Events", "the editor has the focus");
    await shot("simulator-event-error");
    await type(page, "Events", JSON.stringify({ ...EVENT, type: 7 }));
    await page.locator("[data-editor=Events] .cm-lint-marker-error").waitFor({ state: "detached" });
    await run(page);
    await page.getByRole("alert").getByText(/type/).waitFor();
    await type(page, "Events", JSON.stringify({ ...EVENT, data: { ...EVENT.data, big: 1 } }).replace('"big":1', '"lead_id":9007199254740993'));
    await file(page, "main.lua");
    await run(page);
    await page.getByText('"lead":9007199254740993').first().waitFor();
  },

  async "names, keys, tags, modules and services are completed"({ page, shot }) {
    await open(page);
    await file(page, "main.lua");
    const head = 'serves { "/queues/1" }\nlocal crm = require "services.crm"\n';
    check((await complete(page, head, "ru")).includes("rule"), "a name");
    check((await complete(page, `${head}x = http.service { `, "me")).includes("method"), "a key of a service");
    let found = await complete(page, `${head}rule "a" { on = "agent_login", run = function(call) log(call`, ".");
    check(found.includes("agent_id") && !found.includes("recording_url"), `tags of the event type: ${found.slice(0, 8)}`);
    await shot("simulator-completion");
    found = await complete(page, `${head}rule "a" { fire = crm`, ".");
    equal(found, ["records"], "services of the module");
    check((await complete(page, `${head}crm.records`, ":")).includes("try_call"), "what a service can");
    check((await complete(page, `${head}local x = require "`, "s")).includes("services.crm"), "a module");
    check((await complete(page, `${head}x = http.service { url = "http://a/`, "#")).includes("ani"), "a tag in a template");
    check((await complete(page, `${head}rule "a" { on = "`, "po")).includes("post_disposition"), "an event type");
    await page.locator("[data-editor=Rules] .cm-completionLabel", { hasText: "post_disposition" }).click();
    check((await text(page, "Rules")).includes('on = "post_disposition'), "the word is put in");
  },

  async "all errors are marked at once, each where it is"({ page, shot }) {
    await open(page);
    await file(page, "main.lua");
    const before = await serving("main.lua");
    await type(page, "Rules", `${before.replace("when", "wen")}rule "last" { on = "post_call", fier = crm }\n`);
    await page.locator("[data-editor=Rules] .cm-lint-marker-error").nth(1).waitFor();
    const marked = await page.locator("[data-editor=Rules] .cm-lintRange-error").allTextContents();
    check(marked.includes("wen") && marked.includes("fier"), `the words that are wrong: ${marked}`);
    await page.locator(".problems li", { hasText: "did you mean 'when'?" }).waitFor();
    await shot("simulator-errors");
    await page.getByRole("button", { name: `error line ${before.split("\n").length}` }).first().click();
    check((await page.locator("[data-editor=Rules] .cm-activeLine").textContent()).includes("fier"), "the line of the error");
    await page.getByRole("button", { name: "Undo changes" }).click();
    await page.locator("[data-editor=Rules] .cm-lint-marker-error").first().waitFor({ state: "detached" });
    await page.locator(".problems li").first().waitFor({ state: "detached" });
  },

  async "what is typed is still there after a visit elsewhere"({ page }) {
    await open(page);
    await file(page, "main.lua");
    await edit(page, "at_least(10)", "at_least(77)");
    await page.getByRole("link", { name: "Services" }).click();
    await page.getByRole("heading", { level: 1, name: "Services" }).waitFor();
    await page.getByRole("link", { name: "Simulator" }).click();
    await page.locator("[data-editor=Rules] .cm-content", { hasText: "at_least(77)" }).waitFor();
  },

  async "saving is off unless the engine allows it"({ page, shot }) {
    await open(page, off);
    await file(page, "main.lua");
    await page.getByText("Saving is off: this engine was started without --edit-rules.").waitFor();
    await type(page, "Rules", 'serves { "/queues/9" }');
    await page.getByRole("button", { name: "Undo changes" }).waitFor();
    const save = page.getByRole("button", { name: "Save…" });
    check(await save.isDisabled(), "the button is off");
    equal(await save.getAttribute("aria-describedby"), "why-no-save", "what says why");
    await shot("simulator-no-saving");
  },

  async "a change is saved, and serves"({ page, shot }) {
    const path = join(rules, "main.lua");
    const before = await readFile(path, "utf8");
    try {
      await open(page);
      await file(page, "main.lua");
      await edit(page, "at_least(10)", "at_least(11)");
      await page.getByRole("button", { name: "Save…" }).click();
      await shot("simulator-save");
      await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText(/Saved\. Generation \d+ serves\./).waitFor();
      equal(await readFile(path, "utf8"), before.replace("at_least(10)", "at_least(11)"), "the file");
      equal(await serving("main.lua"), before.replace("at_least(10)", "at_least(11)"), "what serves");
      await edit(page, "at_least(11)", "at_least(");
      await page.getByRole("button", { name: "Save…" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
      await page.getByRole("dialog").getByRole("alert").getByText("nothing is saved").waitFor();
      await page.getByRole("button", { name: "Cancel" }).click();
      await edit(page, "at_least(11)", "at_least(12)");
      await writeFile(path, `${before}-- by somebody else\n`);
      await page.getByRole("button", { name: "Save…" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
      await page.getByRole("dialog").getByText("has changed on disk since it was read").waitFor();
      equal(await readFile(path, "utf8"), `${before}-- by somebody else\n`, "what the other one wrote");
      await shot("simulator-save-refused");
    } finally {
      await writeFile(path, before);
      await fetch(`${base}/v1/rules/reload`, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: "{}" });
    }
  },

  async "a new file begins empty, and is saved"({ page }) {
    try {
      await open(page);
      await page.getByRole("button", { name: "New file…" }).click();
      await page.getByLabel("Path").fill("../outside.lua");
      check(await page.getByRole("button", { name: "Begin it" }).isDisabled(), "a path that leads elsewhere");
      await page.getByLabel("Path").fill("spring.lua");
      await page.getByRole("button", { name: "Begin it" }).click();
      await page.getByRole("option", { name: "spring.lua (changed)" }).waitFor({ state: "attached" });
      await type(page, "Rules", 'serves { "/queues/55" }\n');
      await page.getByRole("button", { name: "Save…" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText(/Saved\. Generation \d+ serves\./).waitFor();
      equal(await readFile(join(rules, "spring.lua"), "utf8"), 'serves { "/queues/55" }\n', "the file");
    } finally {
      await rm(join(rules, "spring.lua"), { force: true });
      await fetch(`${base}/v1/rules/reload`, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: "{}" });
    }
  },

  async "what was simulated is saved as a test"({ page }) {
    await open(page);
    await file(page, "main.lua");
    await page.getByLabel("Sample call").selectOption("file:samples/two.ndjson");
    await page.locator("[data-editor=Events] .cm-content", { hasText: "two-1" }).waitFor();
    await run(page);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as a test" }).click()]);
    equal(download.suggestedFilename(), "main_simulated_test.lua", "its name");
    await download.saveAs(join(downloads, download.suggestedFilename()));
  },

  async "a rule that never ends fails, and the page goes on"({ page }) {
    await open(page);
    await file(page, "main.lua");
    await type(page, "Events", JSON.stringify(EVENT));
    await edit(page, "log(call.ani)", "while true do end");
    await page.keyboard.press("Control+Enter");
    await page.locator(".ran.failed", { hasText: "used up its time" }).waitFor();
    await page.getByRole("button", { name: "Undo changes" }).click();
    await run(page);
    await page.locator(".ran.failed").waitFor({ state: "detached" });
    await page.locator(".summary", { hasText: "1 request" }).waitFor();
  },

  async "an editor can be left by the keyboard"({ page }) {
    await open(page);
    await page.locator("[data-editor=Events] .cm-content").click();
    await page.keyboard.press("Control+End");
    const before = await text(page, "Events");
    await page.keyboard.press("Tab");
    check((await text(page, "Events")) !== before, "Tab belongs to the text");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    check(await page.evaluate(() => document.activeElement.dataset.editor !== "Events"), "Escape, then Tab, leaves");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Control+Enter");
    await page.locator(".summary").waitFor();
    check(await page.evaluate(() => document.activeElement.dataset.editor === "Events"), "back again");
  },

  async "the editor comes with its page only"({ page }) {
    const parts = [];
    page.on("response", (response) => { if (response.url().endsWith(".js")) parts.push(response); });
    const withEditor = async () => (await Promise.all(parts.map((part) => part.text()))).filter((part) => part.includes("cm-content")).length;
    await page.goto(base);
    await page.locator(".verdict").waitFor();
    check(parts.length > 0, "the page has scripts");
    equal(await withEditor(), 0, "scripts of the first page that hold an editor");
    await page.getByRole("link", { name: "Simulator" }).click();
    await page.locator("[data-editor=Rules] .cm-content").waitFor();
    check(await withEditor() > 0, "the editor has come");
  },

  async "on a phone, dark, nothing is cut off"({ browser, watch, context: _ }) {
    for (const colorScheme of ["dark", "light"]) {
      const context = await browser.newContext({ viewport: PHONE, colorScheme });
      await context.addInitScript(`sessionStorage.setItem("switchhook.token", "${TOKEN}")`);
      const page = watch(await context.newPage());
      await open(page);
      await file(page, "main.lua");
      await type(page, "Events", JSON.stringify(EVENT));
      await run(page);
      await page.locator(".ran").first().waitFor();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      check(width <= PHONE.width, `it is ${width} wide`);
      await page.screenshot({ path: join(shots, `phone-simulator-${colorScheme}.png`), fullPage: true });
      await context.close();
    }
    const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, colorScheme: "dark" });
    await context.addInitScript(`sessionStorage.setItem("switchhook.token", "${TOKEN}")`);
    const page = watch(await context.newPage());
    await open(page);
    await file(page, "main.lua");
    await run(page);
    await page.locator(".ran").first().waitFor();
    await page.screenshot({ path: join(shots, "simulator-dark.png"), fullPage: true });
    await context.close();
  },
};

await drive(scenarios, { hosts: [base, off], shots, wanted, init: (context) => context.addInitScript(`sessionStorage.setItem("switchhook.token", "${TOKEN}")`) });
