// What the scenarios of the console have in common: a real browser, one page a scenario, and what must not happen on any.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const { chromium } = createRequire(join(here, "../../console/package.json"))("playwright-core");
export const DESKTOP = { width: 1360, height: 900 };
export const PHONE = { width: 390, height: 844 };

export function check(condition, what) {
  if (!condition) throw new Error(what);
}

export function equal(is, should, what) {
  check(JSON.stringify(is) === JSON.stringify(should), `${what}: ${JSON.stringify(is)} instead of ${JSON.stringify(should)}`);
}

// Runs the scenarios whose name holds `wanted`, and prints one JSON object for each: {"name","error"}. `hosts` are those that pages may ask.
export async function drive(scenarios, { hosts, shots, wanted, init }) {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-domain-reliability", "--disable-sync", "--disable-default-apps",
      "--no-first-run", "--no-pings", "--metrics-recording-only", "--disable-features=OptimizationHints,MediaRouter,Translate"],
  });
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (wanted && !name.includes(wanted)) continue;
    const problems = [];
    const allowed = new Set(hosts.map((base) => new URL(base).host));
    const watch = (page) => {
      page.setDefaultTimeout(15000);
      page.on("pageerror", (error) => problems.push(`an error on the page: ${error.message}`));
      page.on("console", (message) => { if (/Content.Security.Policy|Trusted/i.test(message.text())) problems.push(`policy: ${message.text()}`); });
      page.on("dialog", (dialog) => { problems.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
      page.on("request", (request) => { if (!allowed.has(new URL(request.url()).host) && !/^(data|blob):/.test(request.url()) && !name.includes("other sites")) problems.push(`a request to elsewhere: ${request.url()}`); });
      return page;
    };
    const context = await browser.newContext({ viewport: DESKTOP });
    if (init) await init(context);
    const page = watch(await context.newPage());
    const shot = (title) => page.screenshot({ path: join(shots, `${title}.png`) });
    let error = null;
    try {
      await scenario({ page, context, browser, shot, watch });
      if (problems.length && !name.includes("other sites")) error = problems.join("; ");
    } catch (failure) {
      error = [failure.message, ...problems].join("; ");
      await shot(`failed-${name.replace(/\W+/g, "-")}`).catch(() => {});
    }
    await context.close();
    console.log(JSON.stringify({ name, error }));
  }
  await browser.close();
}
