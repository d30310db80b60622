import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Analysis } from "./analysis.js";
import { makeTypedSchemas } from "./typed-schemas.js";

const schemas = { state: { type: "object" }, input: null, output: null, config: null };

let dir: string;
let input: string;
beforeEach(async () => {
  dir = await realpath(await mkdtemp(path.join(os.tmpdir(), "graphfleet-typed-")));
  input = path.join(dir, "types.ts");
  await writeFile(input, "one");
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** What one process of a server would have. */
function open(answer: () => Promise<Analysis> = () => Promise.resolve({ graphs: { "": schemas }, inputs: [input] })) {
  const warnings: object[] = [];
  let analyses = 0;
  const typed = makeTypedSchemas({
    graphs: ["a", "b"].map((id) => ({
      id,
      description: null,
      file: path.join(dir, `${id}.ts`),
      written: `${id}.ts`,
      exportName: "graph",
    })),
    dir,
    timeoutMs: 1000,
    log: { warn: (fields) => warnings.push(fields) },
    analyse: () => {
      analyses += 1;
      return answer();
    },
  });
  return { typed, warnings, analyses: () => analyses };
}

test("a graph is analysed once, however many ask", async () => {
  const { typed, analyses } = open();
  expect(await Promise.all([typed("a"), typed("a"), typed("a")])).toEqual([
    { "": schemas },
    { "": schemas },
    { "": schemas },
  ]);
  expect(analyses()).toBe(1);
});

test("the next process finds the answer, until a file changes that it came from", async () => {
  await open().typed("a");
  const second = open();
  expect(await second.typed("a")).toEqual({ "": schemas });
  expect(second.analyses()).toBe(0);

  await writeFile(input, "two");
  const third = open();
  await third.typed("a");
  expect(third.analyses()).toBe(1);
});

test("a failure is told once, and means: no schemas", async () => {
  const { typed, warnings, analyses } = open(() => Promise.reject(new Error("no types")));
  expect(await typed("a")).toEqual({});
  expect(await typed("a")).toEqual({});
  expect(analyses()).toBe(1);
  expect(warnings).toEqual([expect.objectContaining({ graph_id: "a", err: new Error("no types") })]);
});

test("one graph that fails does not stop the next", async () => {
  let isFirst = true;
  const { typed } = open(() => {
    const fails = isFirst;
    isFirst = false;
    return fails ? Promise.reject(new Error("no types")) : Promise.resolve({ graphs: { "": schemas }, inputs: [] });
  });
  expect(await Promise.all([typed("a"), typed("b")])).toEqual([{}, { "": schemas }]);
});

test("a graph that nobody knows has none", async () => {
  expect(await open().typed("c")).toEqual({});
});
