import type { Child } from "@graphfleet/cli";
import { describeFleet, TestFleet } from "./support/fleet.js";
import { eventually, runReaches } from "./support/wait.js";
import { attemptOf, idOf, inTurn, Receiver, status as answer } from "./support/webhook-receiver.js";

// Every process dies once at every boundary between two of its writes. Nothing may be lost, and nothing happen twice.

interface CounterState {
  readonly log: readonly string[];
}

interface RunRow {
  readonly status: string;
  readonly attempt: number;
  readonly ended: boolean;
}

const STEPS = 4;
const steps = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `step ${from + i}`);
const KILLED = { code: null, signal: "SIGKILL" };

describeFleet("a process that dies between two writes", () => {
  let fleet: TestFleet;
  let receiver: Receiver;
  let clean: Child | null = null;

  beforeAll(async () => {
    receiver = await Receiver.start();
    const env = { BG_JOB_HEARTBEAT: "4", WEBHOOK_TIMEOUT_SECS: "1", WEBHOOK_ALLOWED_NETWORKS: "127.0.0.1/32" };
    fleet = await TestFleet.start({ workers: 0, env });
  });
  afterEach(async () => {
    await clean?.stop(15_000);
    clean = null;
  });
  afterAll(async () => {
    await fleet?.stop();
    await receiver?.stop();
  });

  const armed = (failpoint: string, env: Readonly<Record<string, string>> = {}) =>
    fleet.startWorker({ GRAPHFLEET_FAILPOINT: failpoint, ...env });
  const rescue = async () => {
    clean = await fleet.startWorker();
  };
  const rowsOf = async (threadId: string) =>
    (
      await fleet.sql.query<RunRow>(
        "select status, attempt, ended_at is not null as ended from runs where thread_id = $1 order by seq",
        [threadId],
      )
    ).rows;
  const firstRunOf = async (threadId: string) => {
    const [run] = await eventually(
      () => fleet.client.runs.list(threadId),
      (runs) => runs.length > 0,
    );
    return run!.run_id;
  };
  const atRest = (threadId: string) =>
    eventually(
      () => fleet.client.threads.get(threadId),
      ({ status }) => status !== "busy",
    );

  test.each([
    { failpoint: "ring.heard", attempts: 1 },
    { failpoint: "claim.committed", attempts: 2 },
    { failpoint: "tape.opened", attempts: 2 },
    { failpoint: "checkpoint.unwritten:1", attempts: 2 },
    { failpoint: "checkpoint.written:1", attempts: 2 },
    { failpoint: "checkpoint.unwritten:3", attempts: 2 },
    { failpoint: "checkpoint.written:3", attempts: 2 },
    { failpoint: "graph.finished", attempts: 2 },
    { failpoint: "tape.flushed", attempts: 2 },
    { failpoint: "settle.committed", attempts: 1 },
    { failpoint: "tape.closed", attempts: 1 },
    { failpoint: "next.rung", attempts: 1 },
  ])("worker at $failpoint: the run and the one behind it end once, whoever waits is answered", async (given) => {
    const { client } = fleet;
    const worker = await armed(given.failpoint);
    const { thread_id } = await client.threads.create();

    const waiting = client.runs.wait(thread_id, "counter", { input: { log: ["input"], steps: STEPS, ms: 150 } });
    await firstRunOf(thread_id);
    const second = await client.runs.create(thread_id, "counter", {
      input: { log: ["again"], steps: 1, ms: 0 },
      multitaskStrategy: "enqueue",
    });
    expect(await worker.exited).toEqual(KILLED);
    await rescue();

    expect(((await waiting) as unknown as CounterState).log).toEqual(["input", ...steps(0, STEPS)]);
    await runReaches(client, thread_id, second.run_id, "success");
    const { status, values } = await atRest(thread_id);
    expect(status).toBe("idle");
    expect((values as unknown as CounterState).log).toEqual([
      "input",
      ...steps(0, STEPS),
      "again",
      ...steps(STEPS, STEPS + 1),
    ]);
    expect(await rowsOf(thread_id)).toEqual([
      { status: "success", attempt: given.attempts, ended: true },
      { status: "success", attempt: 1, ended: true },
    ]);
  });

  test.each(["checkpoint.unwritten:2", "checkpoint.written:2", "checkpoint.unwritten:4", "checkpoint.written:4"])(
    "worker at %s: whoever reads along is told of every step",
    async (failpoint) => {
      const { client } = fleet;
      const worker = await armed(failpoint);
      const { thread_id } = await client.threads.create();
      const told: string[] = [];
      const reading = (async () => {
        const payload = { input: { log: ["input"], steps: STEPS, ms: 20 }, streamMode: "updates" } as const;
        for await (const { event, data } of client.runs.stream(thread_id, "counter", payload)) {
          if (event === "updates") told.push(...((data as { step?: CounterState }).step?.log ?? []));
        }
      })();
      expect(await worker.exited).toEqual(KILLED);
      await rescue();

      await reading;
      expect([...new Set(told)]).toEqual(steps(0, STEPS));
      // The step in flight, and the one before it whose checkpoint was on its way.
      expect(told.length).toBeLessThanOrEqual(STEPS + 2);
    },
  );

  test.each([
    { failpoint: "tape.released", attempts: 2 },
    { failpoint: "giveback.committed", attempts: 1 },
  ])("worker at $failpoint: a run that it gives back goes on elsewhere", async ({ failpoint, attempts }) => {
    const { client } = fleet;
    const worker = await armed(failpoint, { BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS: "0" });
    const { thread_id } = await client.threads.create();
    const waiting = client.runs.wait(thread_id, "counter", { input: { log: ["input"], steps: 8, ms: 250 } });
    await runReaches(client, thread_id, await firstRunOf(thread_id), "running");

    await worker.stop(15_000);
    expect(await worker.exited).toEqual(KILLED);
    await rescue();

    expect(((await waiting) as unknown as CounterState).log).toEqual(["input", ...steps(0, 8)]);
    expect(await rowsOf(thread_id)).toEqual([{ status: "success", attempt: attempts, ended: true }]);
    expect((await atRest(thread_id)).status).toBe("idle");
  });

  test.each(["rollback.prepared", "rollback.committed"])(
    "worker at %s: the run is gone, the thread as it was, whoever waits is answered",
    async (failpoint) => {
      const { client } = fleet;
      const worker = await armed(failpoint);
      const { thread_id } = await client.threads.create();
      await client.runs.wait(thread_id, "counter", { input: { log: ["kept"], steps: 1, ms: 0 } });
      const run = await client.runs.create(thread_id, "counter", { input: { log: ["gone"], steps: 40, ms: 250 } });
      await runReaches(client, thread_id, run.run_id, "running");

      const joined = client.runs.join(thread_id, run.run_id);
      await client.runs.cancel(thread_id, run.run_id, false, "rollback");
      expect(await worker.exited).toEqual(KILLED);
      await rescue();

      await joined;
      const { status, values } = await atRest(thread_id);
      expect(status).toBe("idle");
      expect((values as unknown as CounterState).log).toEqual(["kept", "step 0"]);
      const state = await client.threads.getState<CounterState>(thread_id);
      expect(state.values.log).toEqual(["kept", "step 0"]);
      expect(await rowsOf(thread_id)).toEqual([{ status: "success", attempt: 1, ended: true }]);
    },
  );

  const deliveryOf = async (runId: string) => {
    const { rows } = await fleet.sql.query<{ delivery_id: string; status: string }>(
      "select delivery_id, status from webhook_deliveries where run_id = $1",
      [runId],
    );
    return rows;
  };
  const isDelivered = (runId: string) =>
    eventually(
      () => deliveryOf(runId),
      ([delivery]) => delivery?.status === "delivered",
    ).then(([delivery]) => delivery!);

  test.each([
    { failpoint: "webhook.unrung", told: ["1"] },
    { failpoint: "webhook.claimed", told: ["1"] },
    // The receiver took it, and nobody wrote that down: it gets the same once more.
    { failpoint: "webhook.sent", told: ["1", "1"] },
    { failpoint: "webhook.finished", told: ["1"] },
    { failpoint: "webhook.finished", first: 503, told: ["1", "2"] },
  ])("worker at $failpoint: the receiver is told, as $told, under one id", async ({ failpoint, first = 204, told }) => {
    const { client } = fleet;
    const worker = await armed(failpoint);
    const { thread_id } = await client.threads.create();
    const path = `/${thread_id}`;
    const { run_id } = await client.runs.create(thread_id, "counter", {
      input: { log: ["input"], steps: 1, ms: 0 },
      webhook: receiver.at(path, inTurn(answer(first), answer(204))),
    });
    expect(await worker.exited).toEqual(KILLED);
    await rescue();

    const { delivery_id } = await isDelivered(run_id);
    expect(receiver.of(path).map(attemptOf)).toEqual(told);
    expect(receiver.of(path).map(idOf)).toEqual(told.map(() => delivery_id));
    expect(await deliveryOf(run_id)).toHaveLength(1);
    expect(await rowsOf(thread_id)).toEqual([{ status: "success", attempt: 1, ended: true }]);
  });

  describe("in the scheduler", () => {
    const replaceScheduler = async (failpoint: string) => {
      await fleet.schedulers.at(-1)?.stop(15_000);
      return await fleet.startScheduler({ GRAPHFLEET_FAILPOINT: failpoint });
    };

    test("at reap.committed: a run that was taken from a dead worker is found", async () => {
      const { client } = fleet;
      const scheduler = await replaceScheduler("reap.committed");
      const worker = await fleet.startWorker();
      const { thread_id } = await client.threads.create();
      const waiting = client.runs.wait(thread_id, "counter", { input: { log: ["input"], steps: 8, ms: 250 } });
      await runReaches(client, thread_id, await firstRunOf(thread_id), "running");

      process.kill(worker.pid!, "SIGKILL");
      expect(await scheduler.exited).toEqual(KILLED);
      await fleet.startScheduler();
      await rescue();

      expect(((await waiting) as unknown as CounterState).log).toEqual(["input", ...steps(0, 8)]);
      expect(await rowsOf(thread_id)).toEqual([{ status: "success", attempt: 2, ended: true }]);
    });

    test("at doorbell.marked: a run that was marked as rung for, and was not, is found", async () => {
      const { client } = fleet;
      const scheduler = await replaceScheduler("doorbell.marked");
      const { thread_id } = await client.threads.create();
      const run = await client.runs.create(thread_id, "counter", {
        input: { log: ["input"], steps: 1, ms: 0 },
        afterSeconds: 3600,
      });
      await fleet.sql.query(
        "update runs set run_after = now() - interval '1 minute', rung_at = now() - interval '1 minute' where run_id = $1",
        [run.run_id],
      );

      expect(await scheduler.exited).toEqual(KILLED);
      await fleet.startScheduler();
      await rescue();

      await runReaches(client, thread_id, run.run_id, "success");
      expect(await rowsOf(thread_id)).toEqual([{ status: "success", attempt: 1, ended: true }]);
    });

    test.each(["cron.claimed", "cron.taken", "cron.written", "cron.committed"])(
      "at %s: the moment of a cron makes one run",
      async (failpoint) => {
        const { client } = fleet;
        const scheduler = await replaceScheduler(failpoint);
        await rescue();
        // The SDK types a created cron as a run; it is what the server answers.
        const { cron_id } = (await client.crons.create("counter", {
          schedule: "@yearly",
          input: { log: ["input"], steps: 1, ms: 0 },
          onRunCompleted: "keep",
        })) as unknown as { readonly cron_id: string };
        await fleet.sql.query("update crons set next_run_at = now() where cron_id = $1", [cron_id]);

        expect(await scheduler.exited).toEqual(KILLED);
        await fleet.startScheduler();

        const runs = () =>
          fleet.sql.query("select run_id, status from runs where metadata ->> 'cron_id' = $1", [cron_id]);
        const { rows } = await eventually(runs, (found) => found.rows.some(({ status }) => status === "success"));
        const firings = await fleet.sql.query(
          "select run_id, 'success' as status from cron_firings where cron_id = $1",
          [cron_id],
        );
        expect(rows).toHaveLength(1);
        expect(firings.rows).toEqual(rows);
      },
    );
  });

  test("the scheduler at webhook.marked: a webhook that was marked as rung for, and was not, is sent", async () => {
    const { client } = fleet;
    await fleet.schedulers.at(-1)?.stop(15_000);
    const scheduler = await fleet.startScheduler({ GRAPHFLEET_FAILPOINT: "webhook.marked" });
    const { thread_id } = await client.threads.create();
    const path = `/${thread_id}`;
    // No worker is there, so the end of this run is nobody's to tell for long.
    const { run_id } = await client.runs.create(thread_id, "counter", {
      input: { log: ["input"], steps: 1, ms: 0 },
      webhook: receiver.at(path),
      afterSeconds: 3600,
    });
    await client.runs.cancel(thread_id, run_id);

    expect(await scheduler.exited).toEqual(KILLED);
    await fleet.startScheduler();
    await rescue();

    const { delivery_id } = await isDelivered(run_id);
    expect(receiver.of(path).map((one) => [idOf(one), attemptOf(one)])).toEqual([[delivery_id, "1"]]);
  });

  test("the API at run.committed: the run that was not answered for executes once", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    await rescue();
    await fleet.api.at(-1)!.stop(15_000);
    const api = await fleet.startApi({ GRAPHFLEET_FAILPOINT: "run.committed" });

    // Not with the SDK, which would ask again.
    const answer = fetch(`${fleet.url}/threads/${thread_id}/runs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ assistant_id: "counter", input: { log: ["input"], steps: 1, ms: 0 } }),
    });
    await expect(answer).rejects.toThrow("fetch failed");
    expect(await api.exited).toEqual(KILLED);
    await fleet.startApi();

    await runReaches(client, thread_id, await firstRunOf(thread_id), "success");
    const { values } = await atRest(thread_id);
    expect((values as unknown as CounterState).log).toEqual(["input", "step 0"]);
    expect(await rowsOf(thread_id)).toEqual([{ status: "success", attempt: 1, ended: true }]);
  });
});
