import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { MemorySaver, StateGraph } from "@langchain/langgraph";
import { loadGraphs } from "./graph-registry.js";
import { loadProject } from "./project-config.js";

const OUR_MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

const GRAPH = `
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { suffix } from "@lib/suffix";
import { fileURLToPath } from "node:url";
const State = Annotation.Root({ text: Annotation<string>() });
export const builder = new StateGraph(State)
  .addNode("work", (state: typeof State.State) => ({ text: state.text + suffix }))
  .addEdge(START, "work")
  .addEdge("work", END);
export const graph = builder.compile();
export const promised = Promise.resolve(graph);
export const wrapped = { graph, invoke: () => 0 };
export const calls: unknown[] = [];
export const factory = async (config: unknown, runtime: unknown) => {
  calls.push([config, runtime]);
  return builder;
};
export const badFactory = () => 5;
export const nothing = null;
export const number = 5;
export const place: string = fileURLToPath(import.meta.url);
export { StateGraph };
`;

let dir: string;
beforeAll(async () => {
  dir = await realpath(await mkdtemp(path.join(os.tmpdir(), "graphfleet-graphs-")));
  await mkdir(path.join(dir, "src/lib"), { recursive: true });
  await mkdir(path.join(dir, "node_modules"));
  await symlink(path.join(OUR_MODULES, "@langchain"), path.join(dir, "node_modules/@langchain"));
  const files = {
    "package.json": '{"type": "module"}',
    "tsconfig.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"@lib/*": ["src/lib/*"]}}}',
    "src/graph.ts": GRAPH,
    "src/lib/suffix.ts": 'export const suffix: string = "!";',
    "src/syntax.ts": "export const graph = 1;\nconst = 2;\n",
    "src/missing-package.ts": 'import x from "no-such-package";\nexport const graph = x;\n',
    "src/throws.ts":
      "interface Erased { a: string }\n\nfunction fail(): never {\n  throw new Error('Boo!');\n}\nexport const graph = fail();\n",
    "common.cjs":
      'const { StateGraph, Annotation } = require("@langchain/langgraph");\nconst build = () => new StateGraph(Annotation.Root({ a: Annotation() })).addNode("n", () => ({ a: 1 })).addEdge("__start__", "n");\nmodule.exports = Object.assign({}, { graph: build().compile() });\n',
    "compiled.cjs":
      'Object.defineProperty(exports, "__esModule", { value: true });\nexports.default = require("./common.cjs").graph;\n',
    "agent.py": "graph = None\n",
    "plain.mjs":
      'import { StateGraph, Annotation } from "@langchain/langgraph";\nexport default new StateGraph(Annotation.Root({ a: Annotation() })).addNode("n", () => ({ a: 1 })).addEdge("__start__", "n");\n',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(dir, name), content);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function load(graphs: Record<string, string>) {
  const file = path.join(dir, "langgraph.json");
  await writeFile(file, JSON.stringify({ graphs }));
  return loadGraphs(await loadProject(file));
}

const READ = { access: "threads.read", config: {} } as const;

describe("what may be exported", () => {
  test.each(["graph", "builder", "promised", "wrapped", "factory"])("%s", async (name) => {
    const graphs = await load({ it: `./src/graph.ts:${name}` });
    expect(graphs.failures()).toEqual([]);
    const graph = await graphs.get("it", READ);
    expect(graph.lg_is_pregel).toBe(true);
    await expect(
      (graph as unknown as StateGraph<never>["compile"] & { invoke(i: object): unknown }).invoke({ text: "hi" }),
    ).resolves.toEqual({
      text: "hi!",
    });
  });

  test("plain JavaScript, default export", async () => {
    const graphs = await load({ it: "plain.mjs:default", same: "./plain.mjs:" });
    expect(graphs.failures()).toEqual([]);
    expect(graphs.ids()).toEqual(["it", "same"]);
  });
});

describe("CommonJS", () => {
  test("what a module holds counts as exported, and a compiled default as the default", async () => {
    const graphs = await load({ it: "./common.cjs:graph", same: "./compiled.cjs:default" });
    expect(graphs.failures()).toEqual([]);
    expect((await graphs.get("it", READ)).lg_is_pregel).toBe(true);
  });

  test("has a LangGraph of its own, and is served with that one", async () => {
    const graphs = await load({ common: "./common.cjs:graph", module: "./plain.mjs:" });
    const [common, module] = [graphs.library("common"), graphs.library("module")];
    expect(common.made(await graphs.get("common", READ))).toBe(true);
    expect(module.made(await graphs.get("common", READ))).toBe(false);
    expect(common.Command).not.toBe(module.Command);
    expect(common.version).toBe(module.version);
  });
});

test("a bundled graph shares LangGraph with the server, and knows where its source is", async () => {
  const graphs = await load({ it: "./src/graph.ts:builder" });
  const { builder } = await graphs.get("it", READ);
  expect(builder).toBeInstanceOf(StateGraph);

  const places = await load({ it: "./src/graph.ts:place" });
  expect(places.failures()[0]?.message).toContain("found a string");
});

describe("factories", () => {
  test("are asked for each access, with what the access is for", async () => {
    const seen: unknown[] = [];
    const { GraphRegistry, toLoaded } = await import("./graph-registry.js");
    const { Annotation } = await import("@langchain/langgraph");
    const builder = new StateGraph(Annotation.Root({ a: Annotation<number>() }))
      .addNode("n", () => ({ a: 1 }))
      .addEdge("__start__", "n");
    const factory = (...args: unknown[]) => {
      seen.push(args);
      return Promise.resolve(builder);
    };
    const graphs = new GraphRegistry(new Map([["it", toLoaded(factory)]]), []);

    await graphs.get("it", READ);
    await graphs.get("it", { access: "threads.create_run", config: { configurable: { a: 1 } }, context: { b: 2 } });
    expect(seen).toEqual([
      [{ configurable: {} }, { accessContext: "threads.read", executionRuntime: null }],
      [{ configurable: { a: 1 } }, { accessContext: "threads.create_run", executionRuntime: { context: { b: 2 } } }],
    ]);
  });

  test("that make no graph say so", async () => {
    const graphs = await load({ it: "./src/graph.ts:badFactory" });
    await expect(graphs.get("it", READ)).rejects.toThrow(
      'The factory of graph "it" returned no graph: expected a graph',
    );
  });
});

describe("failures", () => {
  test("are recorded with their place, and the other graphs are served", async () => {
    const graphs = await load({
      good: "./src/graph.ts:graph",
      absent: "./src/absent.ts:graph",
      unnamed: "./src/graph.ts:graf",
      nothing: "./src/graph.ts:nothing",
      number: "./src/graph.ts:number",
      syntax: "./src/syntax.ts:graph",
      missing: "./src/missing-package.ts:graph",
      throws: "./src/throws.ts:graph",
    });
    expect(graphs.ids()).toEqual(["good"]);
    const failures = Object.fromEntries(graphs.failures().map((failure) => [failure.graphId, failure]));
    expect(failures.absent?.message).toBe("./src/absent.ts does not exist");
    expect(failures.unnamed?.message).toMatch(/has no export "graf": it exports .*graph/);
    expect(failures.nothing?.message).toContain("the graph is null or undefined");
    expect(failures.number?.message).toContain("found a number");
    expect(failures.syntax).toMatchObject({ file: `${dir}/src/syntax.ts`, line: 2 });
    expect(failures.throws?.message).toBe("Boo!");
    expect(failures.missing?.message).toContain("no-such-package");
  });

  test("a broken graph is of the project, and says what is wrong with it", async () => {
    const graphs = await load({
      good: "./src/graph.ts:graph",
      syntax: "./src/syntax.ts:graph",
      py: "./agent.py:graph",
    });
    expect(graphs.ids()).toEqual(["good"]);
    expect(graphs.has("syntax")).toBe(true);
    expect(graphs.failure("good")).toBeNull();
    expect(graphs.failure("syntax")).toMatch(/^Graph "syntax" could not be loaded: src\/syntax\.ts:2: /);
    expect(graphs.failure("py")).toContain("is Python");
    await expect(graphs.get("syntax", READ)).rejects.toMatchObject({ code: "graph_failed" });
  });

  test("a graph nobody serves is a known error", async () => {
    const graphs = await load({ good: "./src/graph.ts:graph" });
    await expect(graphs.get("other", READ)).rejects.toMatchObject({ code: "graph_not_found" });
  });
});

test("a graph that is handed out is a copy: the shared one keeps its own parts", async () => {
  const graphs = await load({ it: "./src/graph.ts:graph" });
  const [saver, other] = [new MemorySaver(), new MemorySaver()];
  const [a, b, plain] = await Promise.all([
    graphs.get("it", { ...READ, checkpointer: saver }),
    graphs.get("it", { ...READ, checkpointer: other }),
    graphs.get("it", READ),
  ]);
  expect(a.checkpointer).toBe(saver);
  expect(b.checkpointer).toBe(other);
  expect(plain.checkpointer).toBeUndefined();
  expect(Object.getPrototypeOf(a)).toBe(Object.getPrototypeOf(b));
});

test("two parts of one process may load at the same time", async () => {
  const graphs = await Promise.all([load({ it: "./src/graph.ts:graph" }), load({ it: "./src/graph.ts:graph" })]);
  expect(graphs.map((it) => it.failures())).toEqual([[], []]);
});
