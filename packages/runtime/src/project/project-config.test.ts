import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { systemAssistants } from "../system-assistants.js";
import { loadProject } from "./project-config.js";
import { ProjectError } from "./project-error.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), "graphfleet-config-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function load(content: unknown) {
  const file = path.join(dir, "langgraph.json");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return loadProject(file);
}

async function complaint(content: unknown): Promise<string> {
  const error: unknown = await load(content).then(
    () => null,
    (error_: unknown) => error_,
  );
  expect(error).toBeInstanceOf(ProjectError);
  return (error as Error).message.replace(`${dir}/`, "");
}

describe("a good project", () => {
  test("paths become absolute, exports get their default", async () => {
    const project = await load({
      graphs: { agent: "./src/agent.ts:graph", other: { path: "other.mjs:", description: "Another" } },
      env: ".env",
      http: { app: "./app.ts:app", disable_mcp: true },
      auth: { path: "./auth.ts:auth" },
      store: { ttl: { default_ttl: 10 } },
      node_version: "20",
    });
    expect(project.graphs).toEqual([
      { id: "agent", description: null, file: `${dir}/src/agent.ts`, written: "./src/agent.ts", exportName: "graph" },
      { id: "other", description: "Another", file: `${dir}/other.mjs`, written: "other.mjs", exportName: "default" },
    ]);
    expect(project.env).toEqual({ file: `${dir}/.env`, values: {} });
    expect(project.http.target?.exportName).toBe("app");
    expect(project.auth?.target?.file).toBe(`${dir}/auth.ts`);
    expect(project.store.ttl?.default_ttl).toBe(10);
    expect(project.warnings).toEqual([]);
  });

  test("variables may be written down, unknown keys are named", async () => {
    const project = await load({ graphs: { a: "a.ts:g" }, env: { KEY: "1" }, graphz: {} });
    expect(project.env).toEqual({ file: null, values: { KEY: "1" } });
    expect(project.warnings).toEqual([expect.stringContaining('"graphz" is unknown')]);
  });
});

describe("a broken project is explained in one sentence", () => {
  test("no file", async () => {
    await expect(loadProject(path.join(dir, "absent.json"))).rejects.toThrow(/There is no .*absent\.json\. Create one/);
  });

  test("a folder", async () => {
    await expect(loadProject(dir)).rejects.toThrow("is a folder");
  });

  test("broken JSON, with its place", async () => {
    expect(await complaint('{\n  "graphs": {\n    "a": "x.ts:g",\n  }\n}')).toMatch(
      /^langgraph\.json is not valid JSON: line 4, column 3/,
    );
    expect(await complaint('{"graphs": {')).toMatch(/line 1, column 13/);
  });

  test.each([
    ["no graphs key", {}, 'the key "graphs" is missing. It must be an object of graphs'],
    ["no graphs", { graphs: {} }, '"graphs" names no graph. Add at least one'],
    [
      "no export",
      { graphs: { a: "./a.ts" } },
      '"graphs.a" is "./a.ts", but it must name a file and an export, like "./a.ts:graph"',
    ],
    ["no file part", { graphs: { a: ":graph" } }, '"graphs.a" is ":graph", which names no file'],
    ["a graph that is a number", { graphs: { a: 5 } }, '"graphs.a" is 5, but it must be a path like'],
    ["a list", [], "the file holds [], but it must be a JSON object"],
    [
      "env as a list",
      { graphs: { a: "a.ts:g" }, env: ["A"] },
      '"env" is ["A"], but it must be the path of a dotenv file',
    ],
    [
      "an auth path without export",
      { graphs: { a: "a.ts:g" }, auth: { path: "./auth.ts" } },
      '"auth.path" is "./auth.ts", but it must name',
    ],
    [
      "a text for a switch",
      { graphs: { a: "a.ts:g" }, http: { disable_mcp: "yes" } },
      '"http.disable_mcp" is "yes", but it must be true or false',
    ],
    [
      "a bad prefix",
      { graphs: { a: "a.ts:g" }, http: { mount_prefix: "x" } },
      '"http.mount_prefix" is "x", but it must be a path that starts with "/"',
    ],
    [
      "an index without dims",
      { graphs: { a: "a.ts:g" }, store: { index: { embed: "x:y" } } },
      'the key "store.index.dims" is missing. It must be the length of an embedding',
    ],
    [
      "a strategy nobody knows",
      { graphs: { a: "a.ts:g" }, checkpointer: { ttl: { strategy: "burn" } } },
      '"checkpointer.ttl.strategy" is "burn", but it must be "delete" or "keep_latest"',
    ],
  ])("%s", async (_name, content, expected) => {
    expect(await complaint(content)).toContain(expected);
  });
});

describe("systemAssistants", () => {
  test("one per graph, with defaults from the environment", async () => {
    const { graphs } = await load({
      graphs: { agent: { path: "a.ts:g", description: "An agent" }, weather: "a.ts:w" },
    });
    const defaults = '{"agent": {"configurable": {"model_name": "openai"}, "context": {"model": "x"}}}';
    expect(systemAssistants(graphs, defaults)).toEqual([
      {
        id: "fe096781-5601-53d2-b2f6-0d3403f7e9ca",
        graphId: "agent",
        description: "An agent",
        config: { configurable: { model_name: "openai" } },
        context: { model: "x" },
      },
      { id: "5fb44052-6611-57fc-99b4-527b0d62f788", graphId: "weather", description: null, config: {}, context: {} },
    ]);
  });

  test.each(["{", "[]", "5"])("refuses %s", (text) => {
    expect(() => systemAssistants([], text)).toThrow(ProjectError);
  });
});
