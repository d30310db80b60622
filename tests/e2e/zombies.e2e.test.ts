import { freePort } from "@graphfleet/embedded";
import { Redis } from "ioredis";
import { describeFleet, TestFleet } from "./support/fleet.js";
import { collect, eventually, runReaches } from "./support/wait.js";

interface CounterState {
  readonly log: readonly string[];
}

const expectedLog = (steps: number) => ["input", ...Array.from({ length: steps }, (_, i) => `step ${i}`)];

describeFleet("a worker that is alive and cannot be reached", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start({ workers: 1, env: { BG_JOB_HEARTBEAT: "4" } });
  });
  afterAll(() => fleet?.stop());

  const runRow = async (runId: string) =>
    (await fleet.sql.query<Record<string, unknown>>("select * from runs where run_id = $1", [runId])).rows[0];

  test("keeps its run while a graph blocks its event loop for several leases", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();

    const values = await client.runs.wait(thread_id, "blocker", { input: { ms: 9000 } });

    expect(values).toMatchObject({ blocked: true });
    const [run] = await client.runs.list(thread_id);
    expect(await runRow(run!.run_id)).toMatchObject({ status: "success", attempt: 1, fence: 1 });
  });

  test("and whose graph is over its time is replaced; the run ends as a timeout", async () => {
    const { client } = fleet;
    const [steady] = fleet.workers;
    process.kill(steady!.pid!, "SIGSTOP");
    const stuck = await fleet.startWorker({ BG_JOB_TIMEOUT_SECS: "6" });
    const { thread_id } = await client.threads.create();
    // Whoever reads the run is told to look at the ledger by the one who wrote its end there: nobody else would for seconds.
    const ear = new Redis(process.env.TEST_REDIS_URI!);
    const poked = new Promise<void>((resolve) => {
      ear.on("pmessage", (_pattern, _channel, message) => message === "poke" && resolve());
    });
    await ear.psubscribe(`*wake:{${thread_id}}`);
    const blocked = await client.runs.create(thread_id, "blocker", { input: { ms: 600_000 } });
    const blocking = client.runs.join(thread_id, blocked.run_id);
    await runReaches(client, thread_id, blocked.run_id, "running");

    await poked;
    ear.disconnect();
    expect(await stuck.exited).toEqual({ code: null, signal: "SIGKILL" });
    process.kill(steady!.pid!, "SIGCONT");

    expect(await blocking).toMatchObject({ __error__: { error: "TimeoutError" } });
    expect(await runRow(blocked.run_id)).toMatchObject({ status: "timeout", attempt: 1, lease_owner: null });
    expect((await client.threads.get(thread_id)).status).toBe("error");
    expect(fleet.said()).toContain(`${stuck.name}: the event loop is blocked and 1 run(s) are over their time`);
    // Its thread is free for the next run.
    expect(await client.runs.wait(thread_id, "blocker", { input: { ms: 1 } })).toMatchObject({ blocked: true });
  });

  test("and that wakes up after another one has finished its run can write nothing", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    const [frozen] = fleet.workers;
    await frozen!.stop(15_000);
    const opsPort = await freePort();
    const zombie = await fleet.startWorker({ OPS_PORT: String(opsPort) });
    const steps = 10;
    const run = await client.runs.create(thread_id, "counter", {
      input: { log: ["input"], steps, ms: 200 },
      streamMode: ["custom", "updates"],
      streamResumable: true,
    });
    for await (const { event, data } of client.runs.joinStream(thread_id, run.run_id)) {
      if (event === "custom" && (data as unknown as { step: number }).step === 3) break;
    }

    process.kill(zombie.pid!, "SIGSTOP");
    await fleet.startWorker();
    await runReaches(client, thread_id, run.run_id, "success");
    await eventually(
      () => client.threads.get(thread_id),
      ({ status }) => status === "idle",
    );
    const look = async () => ({
      run: await runRow(run.run_id),
      thread: await client.threads.get(thread_id),
      state: await client.threads.getState(thread_id),
      history: await client.threads.getHistory(thread_id, { limit: 1000 }),
      writes: (
        await fleet.sql.query(
          "select checkpoint_id, task_id, idx from checkpoint_writes where thread_id = $1 order by 1, 2, 3",
          [thread_id],
        )
      ).rows,
      tape: await collect(client.runs.joinStream(thread_id, run.run_id, { lastEventId: "-1" })),
    });
    const before = await look();
    expect(before.run).toMatchObject({ status: "success", attempt: 2 });
    expect((before.thread.values as unknown as CounterState).log).toEqual(expectedLog(steps));

    process.kill(zombie.pid!, "SIGCONT");
    const metrics = await eventually(
      async () => await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text(),
      (text) =>
        /zombie_writes_rejected_counter\{write="\w+"\} [1-9]/.test(text) && /run_lease_lost_counter [1-9]/.test(text),
    );

    expect(metrics).toMatch(/lg_api_workers_active 0/);
    expect(await look()).toEqual(before);
    await zombie.stop(15_000);
  });
});
