import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "@graphfleet/embedded";
import { Client } from "@langchain/langgraph-sdk";
import { Command } from "./support/command.js";
import { freshDatabase, repositoryPath } from "./support/fleet.js";

let folder: string;
let database: Awaited<ReturnType<typeof freshDatabase>>;
let dev: Command | null = null;

beforeAll(async () => {
  database = await freshDatabase();
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), "graphfleet-reload-")));
  mkdirSync(path.join(folder, "src"));
  symlinkSync(repositoryPath("tests/node_modules"), path.join(folder, "node_modules"));
  writeFileSync(path.join(folder, "langgraph.json"), JSON.stringify({ graphs: { agent: "./src/agent.ts:graph" } }));
});
afterAll(async () => {
  await dev?.stop();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** Goes on when a file is there, so a test decides how long the run is in flight. */
const agent = (version: string) => `
import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { Annotation, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ done: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }) });

export const graph = new StateGraph(State)
  .addNode("first", () => ({ done: ["first, ${version}"] }))
  .addNode("second", async (_state, config) => {
    config.writer?.({ waits: "${version}" });
    while (!existsSync(${JSON.stringify(path.join(folder, "gate"))})) await setTimeout(20, null, { signal: config.signal });
    return { done: ["second, ${version}"] };
  })
  .addEdge(START, "first")
  .addEdge("first", "second")
  .compile();
`;

test("graphfleet dev: a run in flight outlives reloads and a broken save, its stream goes on with the new code", async () => {
  const source = path.join(folder, "src", "agent.ts");
  writeFileSync(source, agent("old"));
  const port = await freePort();
  dev = new Command(["dev", "--port", String(port)], { cwd: folder, env: { DATABASE_URI: database.uri } });
  await dev.says("Ctrl-C stops everything");

  const client = new Client({ apiUrl: `http://127.0.0.1:${port}` });
  const { thread_id: thread } = await client.threads.create();
  const heard = { old: () => {}, new: () => {} };
  const waits = {
    old: new Promise<void>((resolve) => (heard.old = resolve)),
    new: new Promise<void>((resolve) => (heard.new = resolve)),
  };
  const updates: unknown[] = [];
  const streaming = (async () => {
    for await (const { event, data } of client.runs.stream(thread, "agent", {
      input: {},
      streamMode: ["custom", "updates"],
      streamResumable: true,
      onDisconnect: "continue",
    })) {
      if (event === "custom") heard[(data as { waits: "old" | "new" }).waits]();
      if (event === "updates") updates.push(data);
    }
  })();
  await waits.old;

  writeFileSync(source, `${agent("broken")}\nthis is no code\n`);
  await dev.says("not reloaded: what worked before is still served");
  expect(dev.said).toMatch(/src\/agent\.ts:19\b/);

  writeFileSync(source, agent("new"));
  await dev.says("reloaded in");
  await waits.new;
  writeFileSync(path.join(folder, "gate"), "");
  await streaming;

  // What was done is not done again.
  expect(updates).toEqual([{ first: { done: ["first, old"] } }, { second: { done: ["second, new"] } }]);
  expect((await client.threads.getState(thread)).values).toEqual({ done: ["first, old", "second, new"] });
  expect((await client.runs.list(thread)).map(({ status }) => status)).toEqual(["success"]);
});
