import { describeFleet, TestFleet } from "./support/fleet.js";
import { eventually, runReaches } from "./support/wait.js";

type Strategy = "reject" | "enqueue" | "interrupt" | "rollback";

describeFleet("a second run on a busy thread", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start();
  });
  afterAll(() => fleet?.stop());

  const start = (threadId: string, mark: string, ms: number, multitaskStrategy?: Strategy) =>
    fleet.client.runs.create(threadId, "slow", {
      input: { ms, mark },
      ...(multitaskStrategy ? { multitaskStrategy } : {}),
    });

  async function busyThread(ms = 60_000) {
    const { thread_id } = await fleet.client.threads.create();
    const first = await start(thread_id, "first", ms);
    await runReaches(fleet.client, thread_id, first.run_id, "running");
    return { threadId: thread_id, first };
  }

  const finished = async (threadId: string): Promise<unknown> =>
    ((await fleet.client.threads.get(threadId)).values as { finished?: unknown }).finished;

  test("reject: is refused, and the first goes on", async () => {
    const { threadId, first } = await busyThread();

    await expect(start(threadId, "second", 1, "reject")).rejects.toThrow(/HTTP 409: Thread is already running a task/);

    const runs = await fleet.client.runs.list(threadId);
    expect(runs).toMatchObject([{ run_id: first.run_id, status: "running" }]);
    await fleet.client.runs.cancel(threadId, first.run_id, true);
  });

  test("enqueue: waits, in order, and never overlaps", async () => {
    const { client } = fleet;
    const { thread_id: threadId } = await client.threads.create();

    const marks = Array.from({ length: 8 }, (_, i) => `${i}`);
    for (const mark of marks) await start(threadId, mark, 20, "enqueue");

    await eventually(
      () => client.runs.list(threadId, { limit: 20 }),
      (runs) => runs.every(({ status }) => status === "success"),
    );
    expect(await finished(threadId)).toEqual(marks);
    const { rows } = await fleet.sql.query(
      "select 1 from runs a join runs b on a.thread_id = b.thread_id and a.seq < b.seq and b.started_at < a.ended_at where a.thread_id = $1",
      [threadId],
    );
    expect(rows).toEqual([]);
  });

  test("interrupt: the first is put down and keeps its row, the second starts", async () => {
    const { threadId, first } = await busyThread();

    const second = await start(threadId, "second", 1, "interrupt");

    await runReaches(fleet.client, threadId, second.run_id, "success");
    expect((await fleet.client.runs.get(threadId, first.run_id)).status).toBe("interrupted");
    expect(await finished(threadId)).toEqual(["second"]);
  });

  test("rollback: the first is gone with all it wrote, the second starts", async () => {
    const { client } = fleet;
    const { thread_id: threadId } = await client.threads.create();
    await client.runs.wait(threadId, "counter", { input: { log: ["before"], steps: 1 } });
    const first = await client.runs.create(threadId, "counter", { input: { log: ["first"], steps: 50, ms: 100 } });
    await eventually(
      () => client.threads.getState<{ log: string[] }>(threadId),
      ({ values }) => values.log.includes("first"),
    );

    const second = await client.runs.create(threadId, "counter", {
      input: { log: ["second"], steps: 1 },
      multitaskStrategy: "rollback",
    });

    await runReaches(client, threadId, second.run_id, "success");
    await expect(client.runs.get(threadId, first.run_id)).rejects.toThrow(/HTTP 404/);
    const { values } = await client.threads.getState<{ log: string[] }>(threadId);
    expect(values.log).toEqual(["before", "step 0", "second", "step 1"]);
    const { rows } = await fleet.sql.query("select 1 from checkpoints where metadata->>'run_id' = $1", [first.run_id]);
    expect(rows).toEqual([]);
  });

  test("only one of many refused runs gets in", async () => {
    const { client } = fleet;
    const { thread_id: threadId } = await client.threads.create();

    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => start(threadId, `${i}`, 60_000, "reject")),
    );

    const admitted = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value.run_id] : []));
    expect(admitted).toHaveLength(1);
    await client.runs.cancel(threadId, admitted[0] ?? "", true);
  });
});

describeFleet("cancelling a run", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start();
  });
  afterAll(() => fleet?.stop());

  test("that executes: it is over when wait returns, and the thread is idle", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    const run = await client.runs.create(thread_id, "slow", { input: { ms: 60_000 } });
    await runReaches(client, thread_id, run.run_id, "running");

    await client.runs.cancel(thread_id, run.run_id, true);

    expect((await client.runs.get(thread_id, run.run_id)).status).toBe("interrupted");
    expect((await client.threads.get(thread_id)).status).toBe("idle");
  });

  test("that waits: it ends at once, and whoever joined it is told", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    const run = await client.runs.create(thread_id, "echo", { input: { messages: [] }, afterSeconds: 3600 });
    const joined = client.runs.join(thread_id, run.run_id);

    await client.runs.cancel(thread_id, run.run_id);

    await joined;
    expect((await client.runs.get(thread_id, run.run_id)).status).toBe("interrupted");
    expect((await client.threads.get(thread_id)).status).toBe("idle");
  });

  test("by rollback: it never was", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    const run = await client.runs.create(thread_id, "counter", { input: { log: ["gone"], steps: 50, ms: 100 } });
    await eventually(
      () => client.threads.getState<{ log?: string[] }>(thread_id),
      ({ values }) => values.log?.includes("gone") ?? false,
    );

    await client.runs.cancel(thread_id, run.run_id, true, "rollback");

    await expect(client.runs.get(thread_id, run.run_id)).rejects.toThrow(/HTTP 404: Run not found/);
    expect(await client.threads.getHistory(thread_id)).toEqual([]);
    expect((await client.threads.get(thread_id)).status).toBe("idle");
  });
});
