import { randomUUID } from "node:crypto";
import { describeFleet, TestFleet } from "./support/fleet.js";
import { eventually } from "./support/wait.js";

describeFleet("what has a lifetime", () => {
  let fleet: TestFleet;
  beforeAll(async () => {
    fleet = await TestFleet.start({ config: "tests/projects/lifetimes/langgraph.json", workers: 1, schedulers: 2 });
  });
  afterAll(() => fleet?.stop());

  async function ttlOf(id: string) {
    const response = await fetch(`${fleet.url}/threads/${id}?include=ttl`);
    const { ttl } = (await response.json()) as { ttl: { strategy: string; ttl_minutes: number; expires_at: string } };
    return ttl;
  }
  /** Turns the clock of one thread; the schedulers look at it all the time. */
  const passAnHour = (id: string) =>
    fleet.sql.query("UPDATE threads SET expires_at = expires_at - interval '61 minutes' WHERE thread_id = $1", [id]);
  const historyOf = async (id: string) => await fleet.client.threads.getHistory(id, { limit: 100 });

  test("a thread that a run makes has the project's, loses its past and goes on", async () => {
    const id = randomUUID();
    const input = { log: ["in"], steps: 2 };
    await fleet.client.runs.wait(id, "counter", { input, ifNotExists: "create" });
    expect(await ttlOf(id)).toMatchObject({ strategy: "keep_latest", ttl_minutes: 60 });
    expect((await historyOf(id)).length).toBeGreaterThan(1);

    await passAnHour(id);
    await eventually(
      () => historyOf(id),
      ({ length }) => length === 1,
    );

    expect(new Date((await ttlOf(id)).expires_at).getTime()).toBeGreaterThan(Date.now());
    await fleet.client.runs.wait(id, "counter", { input: { log: ["again"], steps: 1 } });
    expect((await fleet.client.threads.get(id)).values).toMatchObject({
      log: ["in", "step 0", "step 1", "again", "step 2"],
    });
  });

  test("a thread that wants to be deleted goes, one with a run that waits stays", async () => {
    const ttl = { ttl: 60, strategy: "delete" as const };
    const [idle, waiting] = [await fleet.client.threads.create({ ttl }), await fleet.client.threads.create({ ttl })];
    await fleet.client.runs.create(waiting.thread_id, "counter", { input: {}, afterSeconds: 3600 });
    await passAnHour(waiting.thread_id);
    await passAnHour(idle.thread_id);

    await eventually(
      async () => (await fetch(`${fleet.url}/threads/${idle.thread_id}`)).status,
      (status) => status === 404,
    );
    expect((await fleet.client.threads.get(waiting.thread_id)).status).toBe("busy");
  });

  test("an item has the project's, and its row goes", async () => {
    await fleet.client.store.putItem(["notes"], "old", { n: 1 });
    await fleet.client.store.putItem(["notes"], "new", { n: 2 });
    const { rowCount } = await fleet.sql.query(
      "UPDATE store_items SET expires_at = expires_at - interval '61 minutes' WHERE key = 'old' AND ttl_minutes = 60",
    );
    expect(rowCount).toBe(1);

    await eventually(
      async () => (await fleet.sql.query("SELECT FROM store_items")).rowCount,
      (rows) => rows === 1,
    );
    expect(await fleet.client.store.getItem(["notes"], "new")).toMatchObject({ value: { n: 2 } });
  });
});
