import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { describeFleet } from "../../e2e/support/fleet.js";

const FLAGS = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Whatever it may want from the internet, it does not get it from a test.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

const executablePath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

export const launchBrowser = (): Promise<Browser> => chromium.launch({ executablePath, args: FLAGS });

/** `describe` for suites that need a browser and a fleet; says loudly that it is skipped where one is missing. */
export function describeBrowser(name: string, suite: () => void): void {
  if (existsSync(executablePath)) return describeFleet(name, suite);
  process.stderr.write(`\n!! SKIPPED, no Chromium at ${executablePath} (set CHROMIUM_PATH): ${name}\n`);
  describe.skip(name, suite);
}
