import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { loadAuth } from "./load-auth.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), "graphfleet-auth-"));
  const files = {
    "auth.ts": `
      export const auth = { "~handlerCache": {
        authenticate: async (request: Request) => request.headers.get("x-user"),
        callbacks: { "threads:create": () => true, broken: 7 },
      } };
      export const silent = { "~handlerCache": {} };
      export const number = 5;
      export const object = { authenticate: () => "root" };`,
    "throws.ts": `throw new Error("no database");`,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(dir, name), content);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const load = (written: string, exportName: string) =>
  loadAuth({
    configPath: "langgraph.json",
    dir,
    auth: { target: { file: path.join(dir, written), written: `./${written}`, exportName } },
  });

test("a project without auth has none", async () => {
  await expect(loadAuth({ configPath: "langgraph.json", dir, auth: null })).resolves.toBeNull();
  await expect(loadAuth({ configPath: "langgraph.json", dir, auth: { target: null } })).resolves.toBeNull();
});

test("what was registered is found by its name, whatever class keeps it", async () => {
  const auth = await load("auth.ts", "auth");

  const request = new Request("http://localhost/", { headers: { "x-user": "ann" } });
  await expect(auth?.authenticate?.(request)).resolves.toBe("ann");
  expect(Object.keys(auth?.handlers ?? {})).toEqual(["threads:create"]);
});

test("handlers and authenticate may be missing", async () => {
  await expect(load("auth.ts", "silent")).resolves.toEqual({ authenticate: null, handlers: {} });
});

test.each([
  ["auth.ts", "missing", 'Failed to load auth: ./auth.ts:missing: ./auth.ts has no export "missing"'],
  ["gone.ts", "auth", "Failed to load auth: ./gone.ts:auth: ./gone.ts does not exist"],
  ["throws.ts", "auth", "Failed to load auth: ./throws.ts:auth: no database"],
  ["auth.ts", "number", "Auth must be an instance of Auth: ./auth.ts:number"],
  ["auth.ts", "object", "Auth must be an instance of Auth: ./auth.ts:object"],
])("the export %s:%s stops the start", async (written, exportName, message) => {
  await expect(load(written, exportName)).rejects.toThrow(`langgraph.json: ${message}`);
});
