import { describeFleet, TestFleet } from "./support/fleet.js";
import { collect, eventually, runReaches } from "./support/wait.js";

interface CounterState {
  readonly log: readonly string[];
}

/** The SDK's type lacks the word that the API knows. */
const KEEP = "keep" as "complete";

const expectedLog = (steps: number) => ["input", ...Array.from({ length: steps }, (_, i) => `step ${i}`)];

describeFleet("a fleet that loses processes", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start({ env: { BG_JOB_HEARTBEAT: "4" } });
  });
  afterAll(() => fleet?.stop());

  test("two workers share a burst", async () => {
    const { client } = fleet;
    const runs = await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        client.runs.create(null, "slow", { input: { ms: 300, mark: `${i}` }, onCompletion: KEEP }),
      ),
    );

    const workers = await eventually(
      async () =>
        (
          await fleet.sql.query<{ lease_owner: string }>(
            "select distinct lease_owner from runs where status = 'running'",
          )
        ).rows,
      (rows) => rows.length >= 2,
    );
    expect(workers.length).toBe(2);
    await Promise.all(runs.map((run) => runReaches(client, run.thread_id, run.run_id, "success")));
  });

  test("a promise that a graph forgot to await ends neither its worker nor anybody's run", async () => {
    const { client } = fleet;
    const runs = await Promise.all(
      Array.from({ length: 8 }, () => client.runs.create(null, "forgetful", { input: {}, onCompletion: KEEP })),
    );
    await Promise.all(runs.map((run) => runReaches(client, run.thread_id, run.run_id, "success")));

    expect(fleet.workers.map(({ alive }) => alive)).toEqual([true, true]);
    expect(fleet.said()).toContain("nobody waits for this");
  });

  test("a run survives kill -9 of the worker that executes it, and nothing happens twice", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    const steps = 12;
    const run = await client.runs.create(thread_id, "counter", {
      input: { log: ["input"], steps, ms: 250 },
      streamMode: ["custom"],
    });

    const events: unknown[] = [];
    let killed = false;
    for await (const { event, data } of client.runs.joinStream(thread_id, run.run_id)) {
      events.push({ event, data });
      if (event === "custom" && (data as unknown as { step: number }).step === 4 && !killed) {
        killed = true;
        const worker = await fleet.workerOf(run.run_id);
        process.kill(worker.pid!, "SIGKILL");
        await worker.exited;
        void fleet.startWorker();
      }
    }

    expect(killed).toBe(true);
    expect((await client.runs.get(thread_id, run.run_id)).status).toBe("success");
    const { log } = (await client.threads.get(thread_id)).values as unknown as CounterState;
    expect(log).toEqual(expectedLog(steps));
    expect(events).toContainEqual({ event: "metadata", data: { run_id: run.run_id, attempt: 2 } });
  });

  test("runs do not wait for the lease of a worker that was killed: its connection tells", async () => {
    const { client } = fleet;
    const doomed = await fleet.startWorker({ BG_JOB_HEARTBEAT: "3600" });
    const runs = await Promise.all(
      Array.from({ length: 30 }, () =>
        client.runs.create(null, "counter", { input: { log: ["input"], steps: 8, ms: 250 }, onCompletion: KEEP }),
      ),
    );
    const held = await eventually(
      async () =>
        (
          await fleet.sql.query<{ run_id: string; thread_id: string }>(
            "select run_id, thread_id from runs where status = 'running' and lease_owner like $1",
            [`${doomed.name}:%`],
          )
        ).rows,
      (rows) => rows.length > 0,
    );
    process.kill(doomed.pid!, "SIGKILL");

    await Promise.all(runs.map((run) => runReaches(client, run.thread_id, run.run_id, "success")));
    for (const { thread_id } of held) {
      const { values } = await client.threads.get(thread_id);
      expect((values as unknown as CounterState).log).toEqual(expectedLog(8));
    }
  });

  test("a worker keeps its run when the database ends the session of its heartbeat", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    const run = await client.runs.create(thread_id, "counter", { input: { log: ["input"], steps: 25, ms: 250 } });
    const rowOf = async () =>
      (
        await fleet.sql.query<{ attempt: number; lease_backend: number | null }>(
          "select attempt, lease_backend from runs where run_id = $1",
          [run.run_id],
        )
      ).rows[0];
    const claimed = await eventually(rowOf, (row) => typeof row?.lease_backend === "number");
    const renewed = await eventually(rowOf, (row) => row?.lease_backend !== claimed?.lease_backend);

    await fleet.sql.query("select pg_terminate_backend($1::int)", [renewed?.lease_backend]);

    await eventually(
      rowOf,
      (row) => typeof row?.lease_backend === "number" && row.lease_backend !== renewed?.lease_backend,
    );
    await runReaches(client, thread_id, run.run_id, "success");
    expect(await rowOf()).toMatchObject({ attempt: 1 });
  });

  test("whoever waits for a run gets its result although the worker dies", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    const steps = 8;

    const waiting = client.runs.wait(thread_id, "counter", { input: { log: ["input"], steps, ms: 250 } });
    const [run] = await eventually(
      () => client.runs.list(thread_id, { status: "running" }),
      (runs) => runs.length === 1,
    );
    const worker = await fleet.workerOf(run!.run_id);
    process.kill(worker.pid!, "SIGKILL");
    void fleet.startWorker();

    expect(((await waiting) as unknown as CounterState).log).toEqual(expectedLog(steps));
  });

  test("a worker that is told to stop gives its run back without spending an attempt", async () => {
    const { client } = fleet;
    const drained = await fleet.startWorker({ BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS: "0" });
    const runs = await Promise.all(
      Array.from({ length: 30 }, () =>
        client.runs.create(null, "counter", { input: { log: ["input"], steps: 8, ms: 250 }, onCompletion: KEEP }),
      ),
    );
    await eventually(
      async () =>
        (
          await fleet.sql.query("select 1 from runs where status = 'running' and lease_owner like $1", [
            `${drained.name}:%`,
          ])
        ).rowCount ?? 0,
      (held) => held > 0,
    );
    await drained.stop(15_000);

    const ended = await Promise.all(
      runs.map((run) => runReaches(client, run.thread_id, run.run_id, "success", "error")),
    );
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(["success"]));
    const { rows } = await fleet.sql.query<{ attempt: number }>("select attempt from runs where run_id = any($1)", [
      runs.map((run) => run.run_id),
    ]);
    expect(new Set(rows.map(({ attempt }) => attempt))).toEqual(new Set([1]));
    const states = await Promise.all(runs.map((run) => client.threads.get(run.thread_id)));
    for (const { values } of states) expect((values as unknown as CounterState).log).toEqual(expectedLog(8));
  });

  test("the API is stateless: runs go on while it restarts, and a stream is picked up where it was", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    const run = await client.runs.create(thread_id, "counter", {
      input: { log: ["input"], steps: 10, ms: 200 },
      streamMode: ["custom"],
      streamResumable: true,
    });
    await runReaches(client, thread_id, run.run_id, "running");

    const [api] = fleet.api;
    process.kill(api!.pid!, "SIGKILL");
    await api!.exited;
    await fleet.startApi();

    const events = await collect(client.runs.joinStream(thread_id, run.run_id, { lastEventId: "-1" }));
    const ids = events.map(({ id }) => Number(id));
    expect(ids).toEqual(ids.map((_, index) => index));
    const seen = events
      .filter(({ event }) => event === "custom")
      .map(({ data }) => (data as unknown as { step: number }).step);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("an outage of the doorbell is made good by the sweep", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    const first = await client.runs.create(thread_id, "echo", { input: { messages: [] }, afterSeconds: 3600 });
    // What a lost ring leaves behind: a due run that no bell rings for.
    await fleet.sql.query(
      "update runs set run_after = now() - interval '1 minute', rung_at = now() - interval '1 minute' where run_id = $1",
      [first.run_id],
    );

    await runReaches(client, thread_id, first.run_id, "success");
  });
});
