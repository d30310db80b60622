import { describeFleet, TestFleet } from "./support/fleet.js";

describeFleet("assistants, threads and the server itself", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start();
  });
  afterAll(() => fleet?.stop());

  test("each graph has its assistant, with the id that every server gives it", async () => {
    const assistants = await fleet.client.assistants.search({ limit: 100, metadata: { created_by: "system" } });

    expect(assistants.map(({ graph_id }) => graph_id).sort()).toContain("echo");
    const echo = await fleet.client.assistants.get("echo");
    expect(echo).toMatchObject({ graph_id: "echo", name: "echo", version: 1 });
    expect(await fleet.client.assistants.get(echo.assistant_id)).toEqual(echo);
  });

  test("every change of an assistant is a version, and each can be the latest", async () => {
    const { assistants } = fleet.client;
    const made = await assistants.create({
      graphId: "context",
      name: "mine",
      config: { configurable: { flavour: "mint" } },
    });

    const patched = await assistants.update(made.assistant_id, {
      config: { configurable: { flavour: "lime" } },
      metadata: { a: 1 },
    });
    expect(patched).toMatchObject({ version: 2, name: "mine", metadata: { a: 1 } });
    expect((await assistants.getVersions(made.assistant_id)).map(({ version }) => version)).toEqual([2, 1]);

    expect(await assistants.setLatest(made.assistant_id, 1)).toMatchObject({
      version: 1,
      config: { configurable: { flavour: "mint" } },
    });
    const values = (await fleet.client.runs.wait(null, made.assistant_id, { input: {} })) as unknown as {
      configurable: object;
    };
    expect(values.configurable).toMatchObject({ flavour: "mint" });

    await assistants.delete(made.assistant_id);
    await expect(assistants.get(made.assistant_id)).rejects.toThrow(/HTTP 404: Assistant not found/);
  });

  test("threads are made, found, changed, counted and deleted", async () => {
    const { threads } = fleet.client;
    const made = await threads.create({ metadata: { owner: "ada", tags: ["x"] } });

    await expect(threads.create({ threadId: made.thread_id })).rejects.toThrow(/HTTP 409: Thread already exists/);
    expect((await threads.create({ threadId: made.thread_id, ifExists: "do_nothing" })).thread_id).toBe(made.thread_id);
    await threads.update(made.thread_id, { metadata: { more: true } });

    const found = await threads.search({ metadata: { owner: "ada" }, status: "idle" });
    expect(found.map(({ metadata }) => metadata)).toEqual([{ owner: "ada", tags: ["x"], more: true }]);

    await threads.delete(made.thread_id);
    await expect(threads.get(made.thread_id)).rejects.toThrow(`HTTP 404: Thread with ID ${made.thread_id} not found`);
  });

  test("a deleted thread takes its run with it", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    const run = await client.runs.create(thread_id, "slow", { input: { ms: 60_000 } });
    const joined = client.runs.join(thread_id, run.run_id);

    await client.threads.delete(thread_id);

    await joined;
    expect((await fleet.sql.query("select 1 from runs where thread_id = $1", [thread_id])).rows).toEqual([]);
  });

  test("health, info and metrics answer", async () => {
    const get = async (path: string) => await fetch(`${fleet.url}${path}`);

    expect(await (await get("/ok")).json()).toEqual({ ok: true });
    expect(await (await get("/ok?check_db=1")).json()).toMatchObject({ ok: true });
    expect(await (await get("/info")).json()).toMatchObject({
      context: "js",
      langgraph_js_version: "1.4.18",
      flags: { assistants: true },
    });
    expect(await (await get("/metrics")).text()).toMatch(/^lg_api_num_pending_runs \d+$/m);
    expect(await (await get("/metrics?format=json")).json()).toMatchObject({
      queue: { n_pending: expect.any(Number) },
    });
    expect((await get("/nowhere")).status).toBe(404);
  });

  test("errors speak the client's language", async () => {
    const url = `${fleet.url}/threads/0199c0de-0000-7000-8000-00000000dead`;
    const message = "Thread with ID 0199c0de-0000-7000-8000-00000000dead not found";

    const plain = await fetch(url);
    expect([plain.status, await plain.text()]).toEqual([404, message]);
    const python = await fetch(url, { headers: { "user-agent": "langgraph-sdk-py/0.4.0" } });
    expect(await python.json()).toMatchObject({ detail: message });

    const broken = await fetch(`${fleet.url}/threads`, { method: "POST", body: "{" });
    expect([broken.status, await broken.text()]).toEqual([400, "Malformed JSON in request body"]);
  });
});
