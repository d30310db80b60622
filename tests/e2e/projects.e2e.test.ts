import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { repositoryPath } from "./support/fleet.js";
import { Served } from "./support/served.js";

const folders: string[] = [];
function folder(): string {
  const made = realpathSync(mkdtempSync(path.join(tmpdir(), "graphfleet-project-")));
  folders.push(made);
  return made;
}
afterAll(() => {
  for (const one of folders) rmSync(one, { recursive: true, force: true });
});

async function serving(config: string, work: (served: Served) => Promise<void>): Promise<void> {
  const served = await Served.start(config, folder());
  try {
    await work(served);
  } finally {
    await served.stop();
  }
}
const fixture = (name: string) => repositoryPath(`tests/projects/${name}`);

test("an ES module", async () => {
  await serving(fixture("esm"), async ({ client }) => {
    expect(await client.runs.wait(null, "agent", { input: { text: "hi" } })).toEqual({ text: "hi from ESM" });
  });
});

test("a CommonJS module, with an interrupt and its answer", async () => {
  await serving(fixture("cjs"), async ({ client }) => {
    const { thread_id: thread } = await client.threads.create();
    await client.runs.wait(thread, "agent", { input: { text: "hi" } });
    expect((await client.threads.get(thread)).status).toBe("interrupted");
    expect(await client.runs.wait(thread, "agent", { command: { resume: "me" } })).toEqual({
      text: "hi from CommonJS, me",
    });
  });
});

test("path aliases, in what runs and in what types say", async () => {
  await serving(fixture("aliases"), async ({ client }) => {
    expect(await client.runs.wait(null, "agent", { input: { name: "Ann" } })).toMatchObject({
      greeting: { text: "hello Ann" },
    });
    expect((await client.assistants.getSchemas("agent")).state_schema).toMatchObject({
      properties: { name: { type: "string" }, greeting: { $ref: "#/definitions/Greeting" } },
      definitions: { Greeting: { properties: { loud: { type: "boolean" } }, required: ["text"] } },
    });
  });
});

test("a factory is told what the graph is for", async () => {
  await serving(fixture("factory"), async ({ client }) => {
    const { thread_id: thread } = await client.threads.create();
    const output = await client.runs.wait(thread, "agent", {
      input: { seen: "" },
      config: { configurable: { model: "small" } },
      context: { team: "red" },
    });
    expect(JSON.parse((output as { seen: string }).seen)).toEqual([
      "small",
      "threads.create_run",
      { context: expect.objectContaining({ team: "red" }) },
    ]);
    expect((await client.assistants.getGraph("agent")).nodes.map(({ id }) => id)).toContain("work");
  });
});

test("a broken graph says where, and the other one is served", async () => {
  await serving(fixture("two-graphs"), async ({ client, url }) => {
    expect(await client.runs.wait(null, "good", { input: { text: "hi" } })).toEqual({ text: "hi from ESM" });
    expect((await fetch(`${url}/ok`)).status).toBe(200);

    expect((await client.assistants.get("broken")).graph_id).toBe("broken");
    const words = /422: Graph "broken" could not be loaded: broken\.ts:3: /;
    await expect(client.runs.wait(null, "broken", { input: {} })).rejects.toThrow(words);
    await expect(client.assistants.getSchemas("broken")).rejects.toThrow(words);
  });
});

test("a project with a LangGraph of its own, of another version, which is told", async () => {
  const dir = folder();
  cpSync(fixture("own-langgraph"), dir, { recursive: true });
  copyLangGraph(dir);
  pretendVersion(path.join(dir, "node_modules/@langchain/langgraph/package.json"), "1.999.0");
  await serving(dir, async ({ client, said }) => {
    expect(said).toContain("@langchain/langgraph 1.999.0 is newer than what this server is tested with");
    const { thread_id: thread } = await client.threads.create();
    await client.runs.wait(thread, "agent", { input: { messages: [{ role: "user", content: "hi" }] } });
    const answered = await client.runs.wait(thread, "agent", { command: { resume: "yes" } });
    expect(answered).toMatchObject({ note: "1 answers", messages: [{ type: "human" }, { content: "you said yes" }] });

    const noted = await client.runs.wait(thread, "agent", {
      command: { goto: { node: "write", input: { note: "sent" } } },
    });
    expect(noted).toMatchObject({ note: "sent" });
  });
});

function pretendVersion(manifest: string, version: string): void {
  writeFileSync(manifest, JSON.stringify({ ...(JSON.parse(readFileSync(manifest, "utf8")) as object), version }));
}

/** A real copy of the package, and links to what it needs: two copies of LangGraph, as `npm install` may leave them. */
function copyLangGraph(dir: string): void {
  const original = realpathSync(repositoryPath("tests/node_modules/@langchain/langgraph"));
  const [from, to] = [path.dirname(path.dirname(original)), path.join(dir, "node_modules")];
  mkdirSync(path.join(to, "@langchain"), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name !== "@langchain" && !name.startsWith(".")) symlinkSync(path.join(from, name), path.join(to, name));
  }
  for (const name of readdirSync(path.join(from, "@langchain"))) {
    const [source, target] = [path.join(from, "@langchain", name), path.join(to, "@langchain", name)];
    if (name === "langgraph") cpSync(source, target, { recursive: true, dereference: true });
    else symlinkSync(source, target);
  }
}
