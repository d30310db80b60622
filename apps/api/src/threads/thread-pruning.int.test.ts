import { openGraphServer } from "../../test/graph-server.js";

// The real engine: what is left of a past is enough to go on from.

const server = await openGraphServer();
const { get, post, ranOn } = server;
afterAll(() => server.close());

describe("POST /threads/prune, keep_latest", () => {
  test("200: the newest state stays, and the thread goes on from it", async () => {
    const id = await ranOn("counter", { log: ["in"], steps: 1 });
    const before = (await get(`/threads/${id}/state`)).json;

    expect((await post("/threads/prune", { thread_ids: [id], strategy: "keep_latest" })).json).toEqual({
      pruned_count: 1,
    });

    const after = { ...before, parent_checkpoint: null };
    expect((await get(`/threads/${id}/state`)).json).toEqual(after);
    expect((await get(`/threads/${id}/history`)).json).toEqual([after]);
    await post(`/threads/${id}/runs/wait`, { assistant_id: "counter", input: { log: ["more"], steps: 2 } });
    expect((await get(`/threads/${id}`)).json.values.log).toEqual(expect.arrayContaining(["in", "step 0", "more"]));
  });

  test("200: an interrupt, also in a subgraph, can still be answered", async () => {
    const id = await ranOn("subgraph", { ask: true });
    await post("/threads/prune", { thread_ids: [id], strategy: "keep_latest" });

    await post(`/threads/${id}/runs/wait`, { assistant_id: "subgraph", command: { resume: "go" } });

    expect((await get(`/threads/${id}`)).json).toMatchObject({
      status: "idle",
      values: { path: ["parent_start", "child_one", "answer: go", "child_two", "parent_end"] },
    });
  });
});

describe("a lifetime that keeps the newest state", () => {
  /** Its time is over, and the sweep comes. */
  async function expire(id: string): Promise<void> {
    const { pool, storage } = server.ledger;
    await server.call("PATCH", `/threads/${id}`, { ttl: { ttl: 60, strategy: "keep_latest" } });
    await pool.query("UPDATE threads SET expires_at = now() - interval '1 second' WHERE thread_id = $1", [id]);
    expect(await storage.threads.expire({ threads: 10, rows: 5000 })).toMatchObject({ kept: [id] });
  }

  test("leaves a thread that goes on, turn after turn, also with what its subgraphs saved", async () => {
    const id = await ranOn("subgraph", { ask: false });
    const state = (await get(`/threads/${id}/state`)).json;
    for (let turn = 0; turn < 2; turn++) {
      await expire(id);
      await post(`/threads/${id}/runs/wait`, { assistant_id: "subgraph", input: { ask: false } });
    }

    const { values, next } = (await get(`/threads/${id}/state`)).json;
    expect({ values, next }).toEqual({ values: state.values, next: [] });
    await expire(id);
    expect((await get(`/threads/${id}/history`)).json).toHaveLength(1);
  });

  test("leaves an interrupt in a subgraph that can be seen and answered", async () => {
    const id = await ranOn("subgraph", { ask: true });
    const before = (await get(`/threads/${id}/state?subgraphs=true`)).json;

    await expire(id);

    const after = (await get(`/threads/${id}/state?subgraphs=true`)).json;
    expect(after).toMatchObject({ values: before.values, next: before.next });
    expect(after.tasks[0]).toMatchObject({
      interrupts: before.tasks[0].interrupts,
      state: { values: before.tasks[0].state.values, next: before.tasks[0].state.next },
    });
    await post(`/threads/${id}/runs/wait`, { assistant_id: "subgraph", command: { resume: "go" } });
    expect((await get(`/threads/${id}`)).json).toMatchObject({
      status: "idle",
      values: { path: ["parent_start", "child_one", "answer: go", "child_two", "parent_end"] },
    });
  });
});
