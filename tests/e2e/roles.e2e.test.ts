import { randomUUID } from "node:crypto";
import { freePort } from "@graphfleet/embedded";
import { Client } from "@langchain/langgraph-sdk";
import { Command } from "./support/command.js";
import { describeFleet, freshDatabase, repositoryPath } from "./support/fleet.js";

// As service managers and containers start a fleet: each process by the command, on servers that are there already.

describeFleet("graphfleet start --role", () => {
  const cwd = repositoryPath("");
  const running: Command[] = [];
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let env: Record<string, string>;

  beforeAll(async () => {
    database = await freshDatabase();
    env = {
      DATABASE_URI: database.uri,
      REDIS_URI: process.env.TEST_REDIS_URI ?? "",
      REDIS_KEY_PREFIX: `e2e-${randomUUID()}:`,
      OPS_PORT: "0",
    };
  });
  afterAll(async () => {
    await Promise.all(running.map((one) => one.stop()));
    await database.drop();
  });

  function graphfleet(...args: string[]): Command {
    const one = new Command(args, { cwd, env });
    running.push(one);
    return one;
  }
  const role = (name: string, ...more: string[]): Command =>
    graphfleet("start", "--role", name, "--config", "tests/projects/esm", ...more);

  test("three processes are a fleet; a run waits for the worker that comes", async () => {
    expect(await graphfleet("migrate").exited).toBe(0);

    const port = await freePort();
    const api = role("api", "--port", String(port));
    const scheduler = role("scheduler");
    await Promise.all([api.says("ready"), scheduler.says("ready")]);

    const client = new Client({ apiUrl: `http://127.0.0.1:${port}` });
    const { thread_id: thread } = await client.threads.create();
    const { run_id: run, status } = await client.runs.create(thread, "agent", { input: { text: "hi" } });
    expect(status).toBe("pending");

    const worker = role("worker");
    expect(await client.runs.join(thread, run)).toEqual({ text: "hi from ESM" });

    const all = [worker, scheduler, api];
    expect(await Promise.all(all.map((one) => one.stop()))).toEqual([0, 0, 0]);
  });
});
