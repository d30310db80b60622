import { describeFleet, TestFleet } from "./support/fleet.js";
import { collect, eventually, runReaches } from "./support/wait.js";

const hello = { input: { messages: [{ role: "user", content: "hello" }] } };

interface Messages {
  readonly messages: readonly { readonly content: string }[];
}

const contents = (values: unknown): string[] => (values as Messages).messages.map(({ content }) => content);

describeFleet("runs through the official SDK", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start();
  });
  afterAll(() => fleet?.stop());

  const newThread = async (): Promise<string> => (await fleet.client.threads.create()).thread_id;

  test("wait answers with the final values, and the thread keeps them", async () => {
    const { client } = fleet;
    const threadId = await newThread();

    const values = await client.runs.wait(threadId, "echo", hello);

    expect(contents(values)).toEqual(["hello", "hello"]);
    const thread = await client.threads.get(threadId);
    expect(thread.status).toBe("idle");
    expect(contents(thread.values)).toEqual(["hello", "hello"]);
    expect(thread.metadata).toMatchObject({ graph_id: "echo" });
  });

  test("a background run is created pending, joined, listed and found", async () => {
    const { client } = fleet;
    const threadId = await newThread();

    const run = await client.runs.create(threadId, "echo", { ...hello, metadata: { purpose: "test" } });
    expect(run.status).toBe("pending");
    expect(contents(await client.runs.join(threadId, run.run_id))).toEqual(["hello", "hello"]);

    expect(await client.runs.get(threadId, run.run_id)).toMatchObject({
      status: "success",
      metadata: { purpose: "test" },
    });
    expect((await client.runs.list(threadId)).map(({ run_id }) => run_id)).toEqual([run.run_id]);
  });

  test("a stateless run answers and leaves nothing behind", async () => {
    const { client } = fleet;
    const created: { run_id: string; thread_id?: string }[] = [];

    const events = await collect(
      client.runs.stream(null, "echo", { ...hello, onRunCreated: (run) => void created.push(run) }),
    );

    expect(events.map(({ event }) => event)).toEqual(["metadata", "values", "values"]);
    expect(created).toHaveLength(1);
    expect(contents(await client.runs.wait(null, "echo", hello))).toEqual(["hello", "hello"]);
    expect(await client.threads.search({ limit: 1000, metadata: { graph_id: "nothing" } })).toEqual([]);
    await eventually(
      async () => (await fleet.sql.query("select status from runs where run_id = $1", [created[0]!.run_id])).rows,
      (rows) => rows.every(({ status }) => status === "success"),
    );
  });

  test("an error of the graph is told by name, by wait, stream and thread", async () => {
    const { client } = fleet;
    const threadId = await newThread();

    await expect(client.runs.wait(threadId, "failing", { input: {} })).rejects.toThrow(/CustomError: Boo!/);
    const events = await collect(client.runs.stream(threadId, "failing", { input: {} }));
    expect(events.at(-1)).toMatchObject({ event: "error", data: { error: "CustomError", message: "Boo!" } });

    expect(await client.threads.get(threadId)).toMatchObject({ status: "error", error: { message: "Boo!" } });
    expect(new Set((await client.runs.list(threadId)).map(({ status }) => status))).toEqual(new Set(["error"]));
  });

  test("the recursion limit is the run's own", async () => {
    const { client } = fleet;
    const threadId = await newThread();

    const run = client.runs.wait(threadId, "counter", { input: { log: [], steps: 9 }, config: { recursion_limit: 4 } });

    await expect(run).rejects.toThrow(/GraphRecursionError/);
    expect((await client.threads.get(threadId)).status).toBe("error");
  });

  test("a run that is put off starts later, and makes its thread busy at once", async () => {
    const { client } = fleet;
    const threadId = await newThread();

    const run = await client.runs.create(threadId, "echo", { ...hello, afterSeconds: 1 });
    expect((await client.threads.get(threadId)).status).toBe("busy");
    await expect(client.threads.updateState(threadId, { values: { messages: [] } })).rejects.toThrow(/HTTP 409/);

    const done = await runReaches(client, threadId, run.run_id, "success");
    const { rows } = await fleet.sql.query<{ waited: number }>(
      "select extract(epoch from started_at - created_at)::float as waited from runs where run_id = $1",
      [done.run_id],
    );
    expect(rows[0]!.waited).toBeGreaterThanOrEqual(1);
  });

  test("a run is deleted only when it is over", async () => {
    const { client } = fleet;
    const threadId = await newThread();
    const run = await client.runs.create(threadId, "slow", { input: { ms: 60_000 } });

    await expect(client.runs.delete(threadId, run.run_id)).rejects.toThrow(/HTTP 409/);
    await client.runs.cancel(threadId, run.run_id, true);
    await client.runs.delete(threadId, run.run_id);

    await expect(client.runs.get(threadId, run.run_id)).rejects.toThrow(/HTTP 404: Run not found/);
  });

  test("what a caller sends reaches the graph: configurable, context, headers, metadata", async () => {
    const { Client } = await import("@langchain/langgraph-sdk");
    const client = new Client({
      apiUrl: fleet.url,
      defaultHeaders: { "x-configurable-header": "seen", "x-api-key": "secret", authorization: "Bearer secret" },
    });

    const values = (await client.runs.wait(null, "context", {
      input: {},
      config: { configurable: { flavour: "mint" } },
      context: { who: "ada" },
      metadata: { ticket: 7 },
    })) as unknown as { configurable: Record<string, unknown>; context: unknown; metadata: Record<string, unknown> };

    expect(values.configurable).toMatchObject({
      flavour: "mint",
      "x-configurable-header": "seen",
      graph_id: "context",
    });
    expect(JSON.stringify(values)).not.toContain("secret");
    expect(values.context).toMatchObject({ who: "ada" });
    expect(values.metadata).toMatchObject({ ticket: 7 });
  });

  test("the graph's memory is shared by all threads", async () => {
    const { client } = fleet;
    await client.runs.wait(null, "context", { input: { remember: { key: "colour", value: "green" } } });

    const values = (await client.runs.wait(await newThread(), "context", { input: {} })) as unknown as {
      remembered: Record<string, unknown>;
    };

    expect(values.remembered).toMatchObject({ colour: "green" });
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ["an unknown graph", () => fleet.client.runs.wait(null, "nope", hello), /HTTP 404: No assistant found for "nope"/],
    [
      "an unknown thread",
      () => fleet.client.runs.wait("0199c0de-0000-7000-8000-000000000000", "echo", hello),
      /HTTP 404: Thread with ID 0199c0de-0000-7000-8000-000000000000 not found/,
    ],
    ["a thread id that is none", () => fleet.client.threads.get("nonsense"), /HTTP 422/],
    [
      "a wrong field",
      () => fleet.client.runs.create(null, "echo", { ...hello, multitaskStrategy: "maybe" as never }),
      /HTTP 422.*multitask_strategy/s,
    ],
  ])("%s is refused in words", async (_what, call, words) => {
    await expect(call()).rejects.toThrow(words);
  });

  test("a missing thread is made when the caller says so", async () => {
    const { client } = fleet;
    const threadId = "0199c0de-0000-7000-8000-000000000001";

    await Promise.all(
      Array.from({ length: 10 }, () => client.runs.create(threadId, "echo", { ...hello, ifNotExists: "create" })),
    );

    await eventually(
      () => client.runs.list(threadId, { limit: 100 }),
      (runs) => runs.length === 10 && runs.every(({ status }) => status === "success"),
    );
  });
});
