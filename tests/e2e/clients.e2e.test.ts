import { randomUUID } from "node:crypto";
import { Client, type StreamMode } from "@langchain/langgraph-sdk";
import { CuttingProxy } from "./support/cutting-proxy.js";
import { describeFleet, TestFleet } from "./support/fleet.js";
import { collect } from "./support/wait.js";

const say = (content: string) => ({ messages: [{ role: "user", content }] });
const wholeAnswer = (count: number) => Array.from({ length: count }, (_, index) => `t${index} `).join("");

interface Event {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

const answerIn = (events: readonly Event[]): string =>
  events
    .filter(({ event }) => event === "messages")
    .map(({ data }) => (data as [{ content: string }])[0].content)
    .join("");
const isNumberedFromZero = (events: readonly Event[]) => events.every(({ id }, index) => id === `${index}`);

describeFleet("what clients of the official server rely on", () => {
  let fleet: TestFleet;
  const proxies: CuttingProxy[] = [];

  beforeAll(async () => {
    fleet = await TestFleet.start();
  });
  afterEach(() => {
    for (const proxy of proxies.splice(0)) proxy.close();
  });
  afterAll(() => fleet?.stop());

  /** A client at the other end of a wire that can break. */
  async function afar(): Promise<{ proxy: CuttingProxy; client: Client }> {
    const proxy = await CuttingProxy.to(fleet.url);
    proxies.push(proxy);
    return { proxy, client: new Client({ apiUrl: proxy.url }) };
  }

  const newThread = async (): Promise<string> => (await fleet.client.threads.create()).thread_id;

  describe("a broken connection", () => {
    test("is made again by a stream, which misses nothing and starts no second run", async () => {
      const { proxy, client } = await afar();
      const threadId = await newThread();
      const created: string[] = [];
      const events: Event[] = [];

      for await (const event of client.runs.stream(threadId, "tokens", {
        input: { count: 60, ms: 20 },
        streamMode: ["messages-tuple"],
        streamResumable: true,
        onRunCreated: ({ run_id }) => created.push(run_id),
      })) {
        events.push(event as Event);
        if (events.length === 10 || events.length === 30) proxy.cut();
      }

      expect(isNumberedFromZero(events)).toBe(true);
      expect(answerIn(events)).toBe(wholeAnswer(60));
      const runs = await client.runs.list(threadId);
      expect(runs.map(({ run_id }) => run_id)).toEqual(created);
    });

    test("is made again by a reader that joined", async () => {
      const { proxy, client } = await afar();
      const threadId = await newThread();
      const run = await client.runs.create(threadId, "tokens", {
        input: { count: 60, ms: 20 },
        streamMode: ["messages-tuple"],
        streamResumable: true,
      });
      const events: Event[] = [];

      for await (const event of client.runs.joinStream(threadId, run.run_id, { lastEventId: "-1" })) {
        events.push(event as Event);
        if (events.length === 10) proxy.cut();
      }

      expect(isNumberedFromZero(events)).toBe(true);
      expect(answerIn(events)).toBe(wholeAnswer(60));
    });

    test("is made again by a stateless stream", async () => {
      const { proxy, client } = await afar();
      const events: Event[] = [];

      for await (const event of client.runs.stream(null, "tokens", {
        input: { count: 60, ms: 20 },
        streamMode: ["messages-tuple"],
      })) {
        events.push(event as Event);
        if (events.length === 10) proxy.cut();
      }

      expect(isNumberedFromZero(events)).toBe(true);
      expect(answerIn(events)).toBe(wholeAnswer(60));
    });

    test("that nobody reports is noticed by missing heartbeats", async () => {
      const { proxy, client } = await afar();
      const threadId = await newThread();
      let heartbeats = 0;
      proxy.onAnswer = (text) => {
        if (!text.includes(": heartbeat\n")) return;
        heartbeats += 1;
        if (heartbeats === 2) proxy.freeze();
      };

      const events = await collect(
        client.runs.stream(threadId, "slow", { input: { ms: 11_000, mark: "x" }, streamMode: ["custom", "values"] }),
      );

      expect(heartbeats).toBe(2);
      expect(proxy.answered).toBe(2);
      expect(isNumberedFromZero(events as Event[])).toBe(true);
      expect(events.at(-1)).toMatchObject({ event: "values", data: { finished: ["x"] } });
    });
  });

  test("a run that is silent for 20 seconds yields nothing but its events, by one request", async () => {
    const { proxy, client } = await afar();

    const events = await collect(
      client.runs.stream(null, "slow", { input: { ms: 20_000, mark: "x" }, streamMode: ["custom", "updates"] }),
    );

    expect(events.map(({ event }) => event)).toEqual(["metadata", "custom", "custom", "updates"]);
    expect(proxy.answered).toBe(1);
  });

  describe("ids", () => {
    test("a run's id is told once, by every way to create it", async () => {
      const { client } = fleet;
      const threadId = await newThread();
      const told: { run_id: string; thread_id?: string }[] = [];
      const onRunCreated = (run: { run_id: string; thread_id?: string }) => void told.push(run);

      await collect(client.runs.stream(threadId, "echo", { input: say("1"), streamMode: "values", onRunCreated }));
      await client.runs.wait(threadId, "echo", { input: say("2"), onRunCreated });
      const { run_id } = await client.runs.create(threadId, "echo", { input: say("3"), onRunCreated });
      await client.runs.join(threadId, run_id);

      const runs = await client.runs.list(threadId);
      expect(told).toEqual(runs.map(({ run_id }) => ({ run_id, thread_id: threadId })).toReversed());
    });

    test("stateless runs tell theirs too, and number their events", async () => {
      const told: { run_id: string }[] = [];
      const onRunCreated = (run: { run_id: string }) => void told.push(run);

      const events = await collect(
        fleet.client.runs.stream(null, "echo", { input: say("1"), streamMode: "values", onRunCreated }),
      );
      await fleet.client.runs.wait(null, "echo", { input: say("2"), onRunCreated });

      expect(told).toHaveLength(2);
      expect(events[0]).toMatchObject({ id: "0", event: "metadata", data: { run_id: told[0]!.run_id } });
      expect(isNumberedFromZero(events as Event[])).toBe(true);
    });
  });

  describe("lists", () => {
    test("includePagination says where the next page begins, and that the last has none", async () => {
      const { client } = fleet;
      const name = `paged ${randomUUID()}`;
      for (let made = 0; made < 3; made += 1) await client.assistants.create({ graphId: "echo", name });

      const first = await client.assistants.search({ name, limit: 2, includePagination: true });
      const last = await client.assistants.search({ name, limit: 2, offset: 2, includePagination: true });

      expect(first).toMatchObject({ assistants: [{ name }, { name }], next: "2" });
      expect(last).toMatchObject({ assistants: [{ name }], next: null });
    });

    test("threads are found by values, metadata, status and id, with the fields asked for", async () => {
      const { client } = fleet;
      const mark = randomUUID();
      const threadId = await newThread();
      await client.threads.update(threadId, { metadata: { mark } });
      await client.runs.wait(threadId, "slow", { input: { ms: 0, mark } });

      const byValues = await client.threads.search({ values: { mark }, status: "idle", sortBy: "updated_at" });
      const byMetadata = await client.threads.search({ metadata: { mark }, select: ["thread_id", "status"] });
      const byId = await client.threads.search({ ids: [threadId], extract: { last: "values.finished[-1]" } });

      expect(byValues.map(({ thread_id }) => thread_id)).toEqual([threadId]);
      expect(byMetadata).toEqual([{ thread_id: threadId, status: "idle" }]);
      expect(byId).toMatchObject([{ thread_id: threadId, extracted: { last: mark } }]);
      expect(await client.threads.search({ values: { mark: randomUUID() } })).toEqual([]);
    });
  });

  test("a message that was queued while another was answered can be joined later, token by token", async () => {
    const { client } = fleet;
    const threadId = await newThread();
    const first = await client.runs.create(threadId, "tokens", { input: { count: 20, ms: 20 } });

    const queued = await client.runs.create(threadId, "tokens", {
      input: { count: 10 },
      multitaskStrategy: "enqueue",
      streamResumable: true,
    });
    const events = (await collect(
      client.runs.joinStream(threadId, queued.run_id, { lastEventId: "-1" }),
    )) as unknown as Event[];

    expect((await client.runs.get(threadId, first.run_id)).status).toBe("success");
    expect(answerIn(events)).toBe(wholeAnswer(10));
    expect(new Set(events.map(({ event }) => event))).toEqual(new Set(["metadata", "values", "updates", "messages"]));
  });

  test("agent-chat-ui: its greeting, its list of threads, its preflight", async () => {
    const { client, url } = fleet;
    const threadId = await newThread();
    await client.runs.wait(threadId, "echo", { input: say("hello") });
    const [assistant] = await client.assistants.search({ graphId: "echo", metadata: { created_by: "system" } });
    const origin = "http://chat.example";

    const info = await fetch(`${url}/info`, { headers: { origin, "x-api-key": "k", "x-auth-scheme": "langsmith" } });
    const preflight = await fetch(`${url}/threads/search`, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-api-key,x-auth-scheme",
      },
    });
    const page = { limit: 100, offset: 0 };
    const byGraph = await client.threads.search({ ...page, metadata: { graph_id: "echo" } });
    const byAssistant = await client.threads.search({
      ...page,
      metadata: { assistant_id: assistant!.assistant_id },
    });

    expect(info.ok).toBe(true);
    expect(info.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toContain("x-api-key");
    for (const found of [byGraph, byAssistant]) {
      expect(found.find(({ thread_id }) => thread_id === threadId)).toMatchObject({
        values: { messages: [{ content: "hello" }, { content: "hello" }] },
      });
    }
  });

  test("errors say what was not found, as bare text behind the status", async () => {
    const { client } = fleet;
    const missing = randomUUID();
    const modes: StreamMode[] = ["values"];

    await expect(client.threads.get(missing)).rejects.toThrow(`HTTP 404: Thread with ID ${missing} not found`);
    await expect(client.assistants.get(missing)).rejects.toThrow("HTTP 404: Assistant not found");
    await expect(client.runs.get(await newThread(), missing)).rejects.toThrow("HTTP 404: Run not found");
    await expect(collect(client.runs.stream(null, "nothing", { input: {}, streamMode: modes }))).rejects.toThrow(
      'HTTP 404: No assistant found for "nothing"',
    );
    const threadId = await newThread();
    await expect(client.threads.create({ threadId })).rejects.toThrow("HTTP 409: Thread already exists");
  });
});
