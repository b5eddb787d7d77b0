// console.mjs BASE SINK SHOTS RULES: drives the console of a running engine through each page and each action in a real browser, and prints one
// JSON object a scenario: {"name","error"}. tests/system/test_console.py starts what it needs and judges what it says.
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { check, drive, equal, PHONE } from "./drive.mjs";

const [base, sink, shots, rules, wanted] = process.argv.slice(2);
const PATHS = { overview: "/", deliveries: "/ui/deliveries", calls: "/ui/calls/call-1", rules: "/ui/rules", simulator: "/ui/simulator", services: "/ui/services" };

const call = async (path, options) => (await fetch(base + path, options)).json();
const post = (path, body) => call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
let number = 1000;
const send = (data = {}) => {
  number += 1;
  return post("/v1/events", { specversion: "1.0", id: `live-${number}`, type: "post_call", source: "/queues/1", subject: `live-${number}`, data: { ani: "1", uii: `live-${number}`, ...data } });
};

const open = async (page, path) => {
  await page.goto(base + path);
  await page.locator("h1").first().waitFor();
};

export const scenarios = {
  async "the overview says what is wrong"({ page, shot }) {
    await open(page, "/");
    const verdict = page.locator(".verdict");
    await verdict.getByText(/dead/).waitFor();
    check(await verdict.evaluate((it) => it.classList.contains("bad")), "dead deliveries are bad");
    await page.locator(".live.live").waitFor();
    await page.locator(".uplot").waitFor();
    await shot("overview");
    await verdict.getByRole("link", { name: "Look at them" }).click();
    await page.waitForURL("**/ui/deliveries?state=dead");
  },

  async "each page has its key"({ page }) {
    await open(page, "/");
    for (const [key, path, title] of [["d", "/ui/deliveries", "Deliveries"], ["c", "/ui/calls", "Calls"], ["r", "/ui/rules", "Rules"], ["s", "/ui/simulator", "Simulator"], ["v", "/ui/services", "Services"], ["o", "/", "Overview"]]) {
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      equal(new URL(page.url()).pathname, path, "the address");
    }
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  },

  async "filters are in the address"({ page, shot }) {
    await open(page, "/ui/deliveries");
    await page.locator("[data-row]").first().waitFor();
    await shot("deliveries");
    await page.getByRole("button", { name: "dead", exact: true }).click();
    await page.waitForURL("**/ui/deliveries?state=dead");
    await page.getByLabel("Service").selectOption("failing");
    await page.waitForURL(/service=failing/);
    await page.locator("[data-row] .state", { hasText: /^dead$/ }).first().waitFor();
    await page.locator("[data-row] .state", { hasNotText: /^dead$/ }).first().waitFor({ state: "detached" });
    const states = await page.locator("[data-row] .state").allTextContents();
    check(states.length > 0 && states.every((state) => state === "dead"), `all are dead: ${states}`);
    await page.reload();
    await page.locator("[data-row]").first().waitFor();
    equal(await page.locator("[data-row] .state").allTextContents(), states, "after a reload");
    await page.locator("[data-filter]").fill("no-such-call");
    await page.keyboard.press("Enter");
    await page.getByText("No delivery fits").waitFor();
  },

  async "the list goes back page by page"({ page }) {
    await open(page, "/ui/deliveries");
    await page.locator("[data-row]").nth(99).waitFor();
    await page.getByRole("button", { name: "Older" }).click();
    await page.locator("[data-row]").nth(120).waitFor();
    const links = await page.locator("[data-row]").evaluateAll((rows) => rows.map((row) => row.href));
    equal(new Set(links).size, links.length, "no row comes twice");
  },

  async "the list is live, and stands still while somebody reads"({ page }) {
    await open(page, "/ui/deliveries?service=good");
    await page.locator("[data-row]").first().waitFor();
    await page.locator(".live.live").waitFor();
    await send();
    await page.getByText(`live-${number}`, { exact: true }).first().waitFor();
    await page.keyboard.press("p");
    await page.getByRole("button", { name: "Resume" }).waitFor();
    await send();
    await page.getByRole("button", { name: /1 new/ }).click();
    await page.getByText(`live-${number}`, { exact: true }).first().waitFor();
  },

  async "a delivery shows its request, its attempts and a curl command"({ page, shot }) {
    await open(page, "/ui/deliveries?state=dead&service=failing");
    await page.locator("[data-row]").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Attempts" }).waitFor();
    await page.getByText("400", { exact: false }).first().waitFor();
    await page.getByText("As a curl command").click();
    const curl = await page.locator(".curl pre").textContent();
    check(curl.includes(`curl -X POST '${sink}/failing'`) && curl.includes("--data-raw"), curl);
    check(!curl.includes("hush-hush") && curl.includes("***"), "a secret is masked");
    check(!(await page.content()).includes("hush-hush"), "a secret is nowhere on the page");
    await shot("delivery");
    await page.keyboard.press("u");
    await page.waitForURL("**/ui/deliveries");
  },

  async "a delivery is sent again"({ page }) {
    await open(page, "/ui/deliveries?state=delivered&service=good");
    await page.locator("[data-row]").first().click();
    await page.getByRole("button", { name: "Send again…" }).click();
    await page.getByRole("dialog").getByText("1", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Send again", exact: true }).click();
    await page.getByText("It is sent again").waitFor();
    await page.locator(".attempts-list > li").nth(1).waitFor();
  },

  async "what failed is counted before it is sent again"({ page, shot }) {
    const { count } = await post("/v1/redeliver", { state: "dead", service: "failing", dry_run: true });
    await open(page, "/ui/deliveries?service=failing");
    await page.getByRole("button", { name: "Send failed again…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: `Send ${count} again` }).waitFor();
    await shot("recovery");
    await dialog.getByRole("button", { name: `Send ${count} again` }).click();
    await page.getByText(`${count} deliveries are sent again`).waitFor();
  },

  async "a run that failed is shown with its line, and run again"({ page, shot }) {
    await post("/v1/events", { specversion: "1.0", id: "raised", type: "post_disposition", source: "/queues/2", subject: "call-raised", data: { ani: "thing", uii: "call-raised" } });
    await open(page, "/ui/deliveries?state=dead");
    const failed = page.locator(".failed-runs");
    await failed.getByText("other.lua:4: no such thing").waitFor();
    await shot("failed-runs");
    await failed.getByRole("link", { name: "call-raised" }).click();
    await page.locator(".ran.failed .excerpt", { hasText: "error(" }).waitFor();
    await shot("call-failed");
    await page.getByRole("button", { name: "Run again…" }).click();
    await page.getByRole("dialog").getByLabel("today's rules").check();
    await page.getByRole("dialog").getByRole("button", { name: "Run again", exact: true }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.locator(".ran.failed").waitFor();
    await page.waitForFunction(async () => (await (await fetch("/v1/status")).json()).totals.runs_failed === 2);
  },

  async "a call shows which rules did not fire, and why"({ page, shot }) {
    await open(page, "/ui/calls");
    await page.locator("[data-filter]").fill("call-1");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/ui/calls/call-1");
    await page.getByText('ani is "1", not at_least(5)').waitFor();
    await page.getByText("a long talk").waitFor();
    await page.getByRole("link", { name: /example\.com\/r\.wav/ }).waitFor();
    await page.getByText("Tags").first().click();
    await shot("call");
  },

  async "rules show their sentence, their source and what is wrong"({ page, shot }) {
    await open(page, "/ui/rules");
    await page.getByText("broken.lua", { exact: false }).first().waitFor();
    await page.locator("[data-filter]").fill("main");
    await page.getByRole("button", { name: "Source" }).first().click();
    await page.locator(".source li").first().waitFor();
    check((await page.locator(".source").textContent()).includes("rule \"send\""), "the source is shown");
    await page.getByText(/of \d+ lines (was|were) not reached/).waitFor();
    await page.getByText("No event made", { exact: false }).getByText("a long talk").waitFor();
    const missed = page.locator(".source .missed");
    equal(await missed.count(), 1, "lines that no event reached");
    check((await missed.textContent()).includes("nobody has such an ani"), "which one");
    await page.getByLabel("Events of the last").selectOption("24h");
    await missed.waitFor();
    await page.locator(".reached").scrollIntoViewIfNeeded();
    await shot("rules");
  },

  async "services show how they do"({ page, shot }) {
    await open(page, "/ui/services");
    const failing = page.locator(".service", { hasText: "/failing" });
    await failing.getByText("0.0 %").waitFor();
    await page.getByRole("button", { name: /^good/ }).click();
    await page.waitForURL(/service=good/);
    await page.getByRole("heading", { name: "How long they take" }).waitFor();
    await shot("services");
    const good = page.locator(".service", { hasText: "/good" });
    await good.getByRole("button", { name: "Pause" }).click();
    await good.getByText("paused").waitFor();
    const { services } = await call("/v1/services");
    equal(services.find((one) => one.name === "good").paused, true, "what the engine says");
    await good.getByRole("button", { name: "Resume" }).click();
    await good.getByRole("button", { name: "Pause" }).waitFor();
  },

  async "rules are loaded again, compared and rolled back"({ page, shot }) {
    await open(page, "/ui/rules");
    const { generation } = await call("/v1/rules");
    const text = (await readFile(join(rules, "main.lua"), "utf8")).replace("a long talk", "a longer talk");
    await writeFile(join(rules, "main.lua"), text);
    await page.getByRole("button", { name: "Load again" }).click();
    await page.getByText(`Generation ${generation + 1} serves`).waitFor();
    await page.getByRole("button", { name: "Compare" }).last().click();
    await page.locator(".diff .come", { hasText: "a longer talk" }).waitFor();
    await page.locator(".diff .gone", { hasText: "a long talk" }).waitFor();
    await shot("rules-compare");
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Roll back" }).last().click();
    await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
    await page.getByText(/Generation \d+ serves again/).waitFor();
    equal((await call("/v1/rules")).campaigns.find((one) => one.name === "main").rules.map((rule) => rule.name), ["send", "a long talk", "a note"], "the rules that serve");
  },

  async "what is missing is counted before it is made"({ page, shot }) {
    const late = (id) => ({ specversion: "1.0", id, type: "post_call", source: "/queues/9", subject: id, data: { ani: "1", uii: id } });
    await post("/v1/events", ["late-1", "late-2", "late-3"].map(late));
    await writeFile(join(rules, "late.lua"), 'serves { "/queues/9" }\nlocal web = require "services.web"\nrule "too late" { on = "post_call", fire = web.good }\nrule "a note" { on = "post_call", run = function() end }\n');
    await post("/v1/rules/reload", {});
    await open(page, "/ui/deliveries");
    // What is not settled is left out.
    const settled = () => page.waitForFunction(async () => (await (await fetch("/v1/status")).json()).journal.open_events === 0);
    await settled();
    await page.getByRole("button", { name: "Find missing…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("6 runs are missing", { exact: false }).waitFor();
    await dialog.getByLabel("Rule").selectOption({ label: "late: too late (3)" });
    await dialog.getByText("3 runs are missing", { exact: false }).waitFor();
    await shot("missing");
    equal((await call("/v1/deliveries?campaign=late")).deliveries, [], "what was sent to count");
    await dialog.getByRole("button", { name: "Make 3 runs" }).click();
    await page.getByText("3 runs are made up for.").waitFor();
    await page.locator("[data-row]", { hasText: "too late" }).nth(2).waitFor();
    await settled();
    await page.getByRole("button", { name: "Find missing…" }).click();
    await dialog.getByText("3 runs are missing", { exact: false }).waitFor();
    await dialog.getByText("a note").first().waitFor();
  },

  async "nothing of a hostile delivery log runs"({ page, shot }) {
    await open(page, "/ui/deliveries?service=%3Cscript%3Ewindow.pwned%3D1%3C%2Fscript%3E");
    await page.locator("[data-row]").first().waitFor();
    await page.locator("[data-row]").first().click();
    await page.getByRole("heading", { name: "Attempts" }).waitFor();
    const text = await page.locator("main").textContent();
    check(text.includes("‹U+202E›"), "a right-to-left override is shown by its name");
    check(!/[\u202a-\u202e\u0000-\u0008\u001b]/.test(text), "no control character is left");
    check(text.includes("<img src=x onerror="), "markup is text");
    await shot("hostile");
    // A request as large as one can be, and an answer that was cut at its bound: whole only when somebody asks for it.
    const all = page.getByRole("button", { name: /^Show all [\d,]{7,} characters/ });
    check((await page.locator("main").textContent()).length < 120000, "a page is short at first");
    await all.first().waitFor();
    check(parseInt((await all.first().textContent()).replace(/\D/g, ""), 10) > 990000, "the request is near a megabyte");
    await all.first().click();
    await page.waitForFunction(() => document.querySelector("main").textContent.length > 990000);
    await page.getByText("The answer was longer; this is its beginning.").last().waitFor();
    for (const more = page.locator("button:visible", { hasText: /^Show all/ }); await more.count() > 0;) await more.first().click();
    check(!/[\u202a-\u202e\u0000-\u0008\u001b]/.test(await page.locator("main").textContent()), "no control character is left in all of it");
    await page.getByText("As a curl command").click();
    check(!/[\u202a-\u202e\u0000-\u0008\u001b]/.test(await page.locator(".curl").textContent()), "nor in the command");
    check(await page.evaluate(() => window.pwned) === undefined, "a script ran");
    await page.locator(".facts a.mono").click();
    await page.locator(".timeline").waitFor();
    check(await page.evaluate(() => window.pwned) === undefined, "a script ran");
    await open(page, "/ui/deliveries?state=%22%3E%3Cscript%3Ewindow.pwned%3D1%3C%2Fscript%3E");
    await page.getByRole("alert").waitFor();
    check(await page.evaluate(() => window.pwned) === undefined, "a script ran");
  },

  async "pages of other sites get nothing"({ page, context }) {
    const other = createServer((_, answer) => answer.end("<!doctype html><title>other</title>"));
    await new Promise((done) => other.listen(0, "127.0.0.1", done));
    try {
      await page.goto(`http://localhost:${other.address().port}/`);
      const results = await page.evaluate(async (target) => {
        const outcomes = [];
        for (const [path, init] of [["/v1/status", {}], ["/v1/redeliver", { method: "POST", mode: "no-cors", headers: { "content-type": "text/plain" }, body: "{}" }], ["/v1/events/post_call?source=/queues/1&ani=1&uii=foreign", { mode: "no-cors" }]]) {
          outcomes.push(await fetch(target + path, init).then((answer) => answer.type, () => "refused"));
        }
        const frame = document.createElement("iframe");
        frame.src = target;
        document.body.append(frame);
        await new Promise((done) => { frame.onload = done; });
        return outcomes;
      }, base);
      equal(results[0], "refused", "reading the API");
      equal((await fetch(`${base}/v1/calls/foreign`)).status, 404, "an event of a foreign page");
      check(page.frames().slice(1).every((frame) => !frame.url().startsWith(base)), "the console is in no frame");
    } finally {
      other.close();
    }
  },

  async "an engine that wants a token asks for it"({ page }) {
    await page.route("**/v1/**", (route) => (route.request().headers().authorization === "Bearer right" ? route.continue() : route.fulfill({ status: 401, contentType: "application/problem+json", body: "{\"status\":401,\"detail\":\"no token\"}" })));
    await page.goto(`${base}/`);
    const token = page.getByLabel("Token");
    await token.fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    await token.fill("right");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator(".verdict").waitFor();
    await page.locator(".live.live").waitFor();
    equal(await page.evaluate(() => Object.keys(localStorage).length), 0, "what stays behind in the browser");
  },

  async "on a phone nothing is cut off"({ browser, shot, watch }) {
    const context = await browser.newContext({ viewport: PHONE, colorScheme: "dark" });
    const page = watch(await context.newPage());
    for (const [name, path] of Object.entries(PATHS)) {
      await open(page, path);
      await page.locator(".loading").first().waitFor({ state: "detached" });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      check(width <= PHONE.width, `${name} is ${width} wide`);
      await page.screenshot({ path: join(shots, `phone-${name}.png`) });
    }
    await context.close();
  },
};

await drive(scenarios, { hosts: [base], shots, wanted });
