import { Client } from "@langchain/langgraph-sdk";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describeFleet, repositoryPath } from "./support/fleet.js";
import { Served } from "./support/served.js";
import { collect, eventually } from "./support/wait.js";

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), "graphfleet-http-"));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

describeFleet("a project with a Hono app, under a prefix", () => {
  let fleet: Served;
  let client: Client;
  let url: string;

  beforeAll(async () => {
    const redisUri = String(process.env.TEST_REDIS_URI);
    fleet = await Served.start(repositoryPath("tests/projects/hono-app"), dataDir, { redisUri, prefix: "/agents" });
    ({ client, url } = fleet);
  });
  afterAll(() => fleet?.stop());

  const get = async (place: string) => await fetch(`${url}${place}`);

  test("the app was started in the API and in the worker", async () => {
    expect(await (await get("/started")).json()).toEqual({ started: true });
    expect(fleet.said.match(/the app starts/g)).toHaveLength(2);
  });

  test("graphs on workers and routes in the API call this server, and see what the project lets them", async () => {
    const { thread_id: thread } = await client.threads.create();
    const output = await client.runs.wait(thread, "agent", { input: {} });
    expect(output).toMatchObject({ org: "undefined", threads: expect.any(Number) });

    const org = new Client({ apiUrl: url, defaultHeaders: { "x-org": "acme", "x-other": "1" } });
    expect(await org.runs.wait(thread, "agent", { input: {} })).toMatchObject({ org: "acme" });

    // Through the app's own middleware, which changes the body.
    expect(await client.runs.wait(null, "agent", { input: {} })).toMatchObject({ org: "from the app" });

    const found = await get("/threads-of-this-server");
    expect(await found.json()).toContainEqual(expect.objectContaining({ thread_id: thread }));
    expect(found.headers.get("x-wrapped")).toBe("yes");
    expect(fleet.said).toMatch(/the graph counted .*run_id=/);
  });

  test("streams pass through, from a run to the app to its client, and to ours", async () => {
    const asked = await (await get("/ask")).text();
    expect(asked).toMatch(/event: metadata[\s\S]*event: values/);

    const { thread_id: thread } = await client.threads.create();
    const created: string[] = [];
    const events = await collect(
      client.runs.stream(thread, "agent", {
        input: {},
        streamMode: "values",
        onRunCreated: ({ run_id }) => void created.push(run_id),
      }),
    );
    expect(events.map(({ event }) => event)).toContain("values");
    expect(created).toHaveLength(1);
  });

  test("webhooks that are a path reach the app", async () => {
    const { thread_id: thread } = await client.threads.create();
    const { run_id: run } = await client.runs.create(thread, "agent", { input: {}, webhook: "/hook" });
    expect(await (await get("/next-hook")).json()).toMatchObject({ run_id: run, status: "success" });
  });

  test("a promise that the app forgot to await is logged, and the API goes on", async () => {
    const first = (await (await get("/stray")).json()) as { pid: number };
    await eventually(
      async () => fleet.said,
      (said) => /nobody listened[^]*forgotten by the app/.test(said),
    );
    expect(await (await get("/stray")).json()).toEqual(first);
  });

  test("what the project leaves out is not there", async () => {
    await expect(client.store.putItem(["a"], "b", { c: 1 })).rejects.toThrow(/HTTP 404/);
    expect((await fetch(`${new URL(url).origin}/ok`)).status).toBe(200);
    expect((await fetch(`${new URL(url).origin}/info`)).status).toBe(404);
  });

  test("when the fleet stops, the app is told in the API and in the worker", async () => {
    await fleet.stop();
    expect(fleet.said.match(/the app stops/g)).toHaveLength(2);
  });
});

describe("a project with an Express app, in one process", () => {
  let served: Served;
  let client: Client;

  beforeAll(async () => {
    served = await Served.start(repositoryPath("tests/projects/express-app"), dataDir);
    ({ client } = served);
  });
  afterAll(() => served?.stop());

  test("its middleware wraps our routes, and everything calls this server", async () => {
    const thread = await client.threads.create();
    expect(thread.metadata).toEqual({ stamped: true });
    expect(await client.runs.wait(thread.thread_id, "agent", { input: {} })).toMatchObject({ threads: 1 });

    const found = await fetch(`${served.url}/threads-of-this-server`);
    expect(found.headers.get("x-wrapped")).toBe("yes");
    expect(await found.json()).toEqual([expect.objectContaining({ thread_id: thread.thread_id })]);
  });
});
