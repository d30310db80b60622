import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { tmpdir } from "node:os";
import { freePort } from "@graphfleet/embedded";
import { type FaultProxy, openFaultProxy } from "@graphfleet/testkit";
import { freshDatabase, repositoryPath } from "./support/fleet.js";
import { Served } from "./support/served.js";
import { eventually } from "./support/wait.js";

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

describe("one process whose Postgres hangs", () => {
  const STEPS = 20;
  let proxy: FaultProxy;
  let served: Served;

  beforeAll(async () => {
    served = await Served.start(repositoryPath("tests/graphs/langgraph.json"), tmpdir(), {
      wire: async (uri) => (proxy = await openFaultProxy(uri)).uri,
      env: { BG_JOB_HEARTBEAT: "4" },
    });
  });
  afterAll(async () => {
    proxy?.heal();
    await served?.stop();
    await proxy?.close();
  });

  test("says 503 until it answers again, lives on, and ends its runs whole", async () => {
    const { client, url } = served;
    const { thread_id } = await client.threads.create();
    const input = { log: ["input"], steps: STEPS, ms: 200 };

    const steps = new Set<number>();
    for await (const { data } of client.runs.stream(thread_id, "counter", { input, streamMode: ["custom"] })) {
      const { step } = data as { readonly step?: number };
      if (step === 2 && !steps.has(2)) await outage(`${url}/threads/${thread_id}`);
      if (step !== undefined) steps.add(step);
    }

    const all = Array.from({ length: STEPS }, (_, i) => i);
    expect(steps).toEqual(new Set(all));
    expect(await client.runs.list(thread_id)).toMatchObject([{ status: "success" }]);
    expect((await client.threads.get(thread_id)).values).toMatchObject({
      log: ["input", ...all.map((step) => `step ${step}`)],
    });
    expect(await client.runs.wait(null, "counter", { input: { ...input, steps: 1 } })).toMatchObject({
      log: ["input", "step 0"],
    });
    expect(served.alive).toBe(true);
  });

  /** Until the run is given up, so that somebody has to take it up again. */
  async function outage(thread: string): Promise<void> {
    proxy.hang();
    const threads = `${served.url}/threads`;
    const created = fetch(threads, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    for (const answer of await Promise.all([fetch(thread), created])) {
      expect([answer.status, await answer.text()]).toEqual([503, "The database is not available."]);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    await eventually(
      async () => served.said + (await fetch(`${served.url}/metrics`).then((answer) => answer.text())),
      (text) => /run_lease_lost_counter\S* [1-9]|a run could not be settled/.test(text),
    );
    expect((await fetch(`${served.url}/ok`)).status).toBe(200);
    proxy.heal();
  }
});
