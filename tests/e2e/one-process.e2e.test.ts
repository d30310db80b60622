import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { freePort } from "@graphfleet/embedded";
import { freshDatabase, repositoryPath } from "./support/fleet.js";

/** Settings that one process does not look at, and why. */
const NOT_READ: Readonly<Record<string, string>> = {
  "api.projectPath": "the command has loaded the project",
  "api.mountPrefix": "the command has put it together with the project's",
  "api.port": "the command's options",
  "api.host": "the command's options",
  "worker.opsPort": "the API serves /ok and /metrics of everything",
  "scheduler.opsPort": "the API serves /ok and /metrics of everything",
};

/** Variables that are one for all; the API's are read. */
const READ_ONCE = /^(worker|scheduler)\.(service|projectPath|database\.|encryption\.|log\.|metricPrefix)/;
const NO_REDIS = /^(api|worker|scheduler)\.redis\./;
/** The same variables as `worker.tape`, `api.authTimeoutMs` and `api.webhookNetworks`. */
const SAME = [
  "api.tape.maxBytes",
  "api.tape.maxEntryBytes",
  "scheduler.authTimeoutMs",
  "worker.webhooks.allowedNetworks",
];

test("one process acts on each setting of API, worker and scheduler, or there is a reason", async () => {
  const database = await freshDatabase();
  try {
    const script = repositoryPath("tests/e2e/support/one-process-reads.mjs");
    const args = [repositoryPath("tests/graphs/langgraph.json"), database.uri, String(await freePort())];
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], {
      env: { ...process.env, NODE_OPTIONS: undefined },
    });
    const unread = (JSON.parse(stdout) as string[]).filter((place) => !READ_ONCE.test(place) && !NO_REDIS.test(place));

    expect(unread.toSorted()).toEqual([...Object.keys(NOT_READ), ...SAME].toSorted());
  } finally {
    await database.drop();
  }
});
