import { describeFleet, TestFleet } from "./support/fleet.js";

describeFleet("threads", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start();
  });
  afterAll(() => fleet?.stop());

  const counted = async (): Promise<string> => {
    const { thread_id } = await fleet.client.threads.create();
    await fleet.client.runs.wait(thread_id, "counter", { input: { log: ["in"], steps: 2 } });
    return thread_id;
  };

  test("a history is replayed onto a new thread", async () => {
    const { client } = fleet;
    const { thread_id: id } = await client.threads.create();
    const input = { log: ["in"], steps: 2 };
    const updates: { updates: { asNode: string; values: unknown }[] }[] = [];
    for await (const { event, data } of client.runs.stream(id, "counter", { input, streamMode: "updates" })) {
      if (event !== "updates") continue;
      updates.push({ updates: Object.entries(data).map(([asNode, values]) => ({ asNode, values })) });
    }

    const replayed = await client.threads.create({
      graphId: "counter",
      supersteps: [
        { updates: [{ values: input, asNode: "__input__" }] },
        { updates: [{ values: input, asNode: "__start__" }] },
        ...updates,
      ],
    });

    const shape = async (threadId: string) =>
      (await client.threads.getHistory(threadId, { limit: 100 })).map(({ next, values }) => ({ next, values }));
    expect(await shape(replayed.thread_id)).toEqual(await shape(id));
    expect(replayed.values).toMatchObject({ log: ["in", "step 0", "step 1"] });
  });

  test("a copy has the history and goes its own way; both can be pruned", async () => {
    const { client } = fleet;
    const id = await counted();
    const before = await client.threads.getHistory(id, { limit: 100 });

    const { thread_id: copy } = await client.threads.copy(id);
    expect((await client.threads.getHistory(copy, { limit: 100 })).map(({ values }) => values)).toEqual(
      before.map(({ values }) => values),
    );
    await client.runs.wait(copy, "counter", { input: { log: ["more"], steps: 1 } });
    expect(await client.threads.getHistory(id, { limit: 100 })).toEqual(before);

    expect(await client.threads.prune([copy], { strategy: "keep_latest" })).toEqual({ pruned_count: 1 });
    expect(await client.threads.getHistory(copy, { limit: 100 })).toHaveLength(1);
    expect(await client.threads.prune([id, copy])).toEqual({ pruned_count: 2 });
    await expect(client.threads.get(id)).rejects.toThrow("HTTP 404");
    await expect(client.threads.copy(id)).rejects.toThrow("HTTP 409");
  });

  test("a search extracts parts; a lifetime is told when asked for; a state is labelled", async () => {
    const { client } = fleet;
    const id = await counted();

    const [found] = await client.threads.search({
      ids: [id],
      select: ["thread_id"],
      extract: { last: "values.log[-1]", graph: "metadata.graph_id" },
    });
    expect(found).toEqual({ thread_id: id, extracted: { last: "step 1", graph: "counter" } });

    await client.threads.update(id, { ttl: 60 });
    const thread = await client.threads.get(id, { include: ["ttl"] });
    expect(thread).toMatchObject({ ttl: { strategy: "delete", ttl_minutes: 60 } });

    await client.threads.patchState(id, { reviewed: true });
    expect((await client.threads.getState(id)).metadata).toMatchObject({ reviewed: true, graph_id: "counter" });
  });

  test("a thread's stream tells of run after run, and goes on where it was left", async () => {
    const { client } = fleet;
    const id = await counted();
    const stop = new AbortController();
    const heard: { id?: string; event: string; data: unknown }[] = [];
    const listening = (async () => {
      const events = client.threads.joinStream(id, {
        lastEventId: "-",
        streamMode: ["run_modes", "state_update"],
        signal: stop.signal,
      });
      for await (const event of events) {
        heard.push(event as (typeof heard)[number]);
        if (event.event === "run_done" && heard.filter(({ event }) => event === "run_done").length === 2) return;
      }
    })();

    await client.threads.updateState(id, { values: { log: ["by hand"] }, asNode: "step" });
    const run = await client.runs.create(id, "counter", { input: { log: ["again"], steps: 1 } });
    await listening;

    const names = heard.map(({ event }) => event);
    expect(names.filter((name) => name !== "values")).toEqual([
      "metadata",
      "run_done",
      "state_update",
      "metadata",
      "run_done",
    ]);
    expect(heard.find(({ event }) => event === "state_update")?.data).toMatchObject({
      values: { log: ["in", "step 0", "step 1", "by hand"] },
    });
    expect(heard.at(-1)?.data).toEqual({ run_id: run.run_id, status: "success" });
    const ids = heard.map((event) => Number(event.id));
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));

    const after = heard[names.indexOf("state_update")]!.id!;
    const rest: unknown[] = [];
    for await (const event of client.threads.joinStream(id, { lastEventId: after })) {
      rest.push(event);
      if (event.event === "run_done") break;
    }
    expect(rest).toEqual(heard.slice(names.indexOf("state_update") + 1));
  });
});
