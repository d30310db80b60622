import { describeFleet, TestFleet } from "./support/fleet.js";
import { collect, eventually, runReaches } from "./support/wait.js";

describeFleet("many runs, many readers", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start();
  });
  afterAll(() => fleet?.stop());

  test("a batch is created in order, and all of it is executed", async () => {
    const { client } = fleet;
    const payloads = Array.from({ length: 20 }, (_, n) => ({
      assistantId: "counter",
      input: { log: [`${n}`], steps: 1 },
      onCompletion: "keep" as const,
    }));

    const runs = await client.runs.createBatch(payloads as never);

    // The SDK's type of a run leaves `kwargs` out.
    const inputs = runs.map((run) => (run as unknown as { kwargs: { input: { log: string[] } } }).kwargs.input.log[0]);
    expect(inputs).toEqual(payloads.map((_, n) => `${n}`));
    for (const { thread_id, run_id } of runs) await runReaches(client, thread_id, run_id, "success");
  });

  test("a batch with a mistake in it creates nothing", async () => {
    const { client } = fleet;
    const count = async () => (await fleet.sql.query<{ n: string }>("select count(*) as n from runs")).rows[0]!.n;
    const before = await count();

    const batch = client.runs.createBatch([
      { assistantId: "echo", input: { messages: [] } },
      { assistantId: "nope", input: {} },
    ]);

    await expect(batch).rejects.toThrow(/HTTP 404: No assistant found for "nope"/);
    expect(await count()).toBe(before);
  });

  test("many runs are cancelled at once, by id and by status", async () => {
    const { client } = fleet;
    const { thread_id: threadId } = await client.threads.create();
    const start = () => client.runs.create(threadId, "slow", { input: { ms: 60_000 } });
    const active = await start();
    const waiting = [await start(), await start(), await start()];
    await runReaches(client, threadId, active.run_id, "running");

    await client.runs.cancelMany({ threadId, runIds: [waiting[0]!.run_id] });
    expect((await client.runs.list(threadId, { status: "interrupted" })).map(({ run_id }) => run_id)).toEqual([
      waiting[0]!.run_id,
    ]);

    await client.runs.cancelMany({ status: "all" });
    await runReaches(client, threadId, active.run_id, "interrupted");
    await eventually(
      () => client.threads.get(threadId),
      ({ status }) => status === "idle",
    );
    await expect(
      client.runs.cancelMany({ threadId, runIds: ["0199c0de-0000-7000-8000-000000000000"] }),
    ).rejects.toThrow(/HTTP 404: Run not found/);
  });

  test("a reader that takes nothing holds up neither the run nor other readers, and gets all when it goes on", async () => {
    const { client } = fleet;
    const { thread_id: threadId } = await client.threads.create();
    // Every token comes with all before it: far more than sockets hold.
    const run = await client.runs.create(threadId, "tokens", { input: { count: 1500 }, streamMode: "messages" });
    const slow = await fetch(`${fleet.url}/threads/${threadId}/runs/${run.run_id}/stream`);

    const quick = await collect(client.runs.joinStream(threadId, run.run_id));
    await runReaches(client, threadId, run.run_id, "success");

    const ids = (await slow.text()).match(/^id: \d+$/gm)!.map((line) => line.slice("id: ".length));
    expect(quick.at(-1)!.event).toBe("messages/complete");
    expect(ids).toEqual(quick.map(({ id }) => id));
  });

  test.each(["stream", "join"])("a reader of %s that leaves takes the run along, when it said so", async (door) => {
    const { client } = fleet;
    const { thread_id: threadId } = await client.threads.create();
    const run = await client.runs.create(threadId, "slow", { input: { ms: 60_000 } });
    await runReaches(client, threadId, run.run_id, "running");
    const leaving = new AbortController();

    await fetch(`${fleet.url}/threads/${threadId}/runs/${run.run_id}/${door}?cancel_on_disconnect=1`, {
      signal: leaving.signal,
    });
    leaving.abort();

    await runReaches(client, threadId, run.run_id, "interrupted");
  });
});
