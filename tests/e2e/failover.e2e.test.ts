import { Client } from "@langchain/langgraph-sdk";
import { describeFleet, TestFleet } from "./support/fleet.js";
import { PostgresPair } from "./support/postgres-pair.js";
import { collect, eventually, runReaches } from "./support/wait.js";

interface CounterState {
  readonly log: readonly string[];
}

const STEPS = 6;
const LONG = 60;
const CLIENTS = 4;
const expectedLog = (steps: number) => ["input", ...Array.from({ length: steps }, (_, i) => `step ${i}`)];

describe.each(["is killed", "falls silent"] as const)("a primary that %s", (how) => {
  describeFleet("leaves its fleet to the standby", () => {
    let pair: PostgresPair;
    let fleet: TestFleet;

    beforeAll(async () => {
      pair = await PostgresPair.start();
      fleet = await TestFleet.start({ env: { DATABASE_URI: pair.uri } });
    });
    afterAll(async () => {
      await fleet?.stop();
      await pair?.stop();
    });

    test("goes on with the next primary: what was acknowledged ends, whole, and no process dies", async () => {
      const { client } = fleet;
      // Who is told 503 asks again; nobody does it for them.
      const hasty = new Client({ apiUrl: fleet.url, callerOptions: { maxRetries: 0 } });
      const acknowledged: { thread_id: string; run_id: string }[] = [];
      const done = new AbortController();
      const load = async (): Promise<void> => {
        while (!done.signal.aborted) {
          try {
            const { thread_id } = await hasty.threads.create();
            const input = { log: ["input"], steps: STEPS, ms: 100 };
            const { run_id } = await hasty.runs.create(thread_id, "counter", { input });
            acknowledged.push({ thread_id, run_id });
            await client.runs.join(thread_id, run_id);
          } catch {
            // Not acknowledged, or an answer that got lost: another one.
          }
        }
      };
      const { thread_id } = await client.threads.create();
      const streaming = collect(
        client.runs.stream(thread_id, "counter", {
          input: { log: ["input"], steps: LONG, ms: 200 },
          streamMode: ["custom"],
        }),
      );
      // It is looked at in the end; a test that fails before must not end Jest.
      streaming.catch(() => undefined);
      const loading = Promise.all(Array.from({ length: CLIENTS }, load));

      try {
        await eventually(
          async () => acknowledged.length,
          (count) => count > 2 * CLIENTS,
        );
        pair.losePrimary(how);
        const ask = () => hasty.threads.create().then(() => null, String);
        expect(await eventually(ask, (refusal) => refusal !== null)).toContain("503");
        await pair.promoteStandby();
        const before = acknowledged.length;
        await eventually(
          async () => acknowledged.length,
          (count) => count > before + 2 * CLIENTS,
        );
      } finally {
        done.abort();
      }
      await loading;

      for (const run of acknowledged) await runReaches(client, run.thread_id, run.run_id, "success");
      for (const run of acknowledged) {
        const { log } = (await client.threads.get(run.thread_id)).values as unknown as CounterState;
        expect(log).toEqual(expectedLog(STEPS));
      }
      const events = await streaming;
      const steps = events.flatMap(({ data }) => (data as { step?: number }).step ?? []);
      expect(new Set(steps)).toEqual(new Set(Array.from({ length: LONG }, (_, i) => i)));
      expect(((await client.threads.get(thread_id)).values as unknown as CounterState).log).toEqual(expectedLog(LONG));
      const processes = [...fleet.api, ...fleet.workers, ...fleet.schedulers];
      expect(processes.map(({ alive }) => alive)).toEqual(processes.map(() => true));
    });
  });
});
