import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { loadHttpApp } from "./load-http-app.js";
import { loadProject } from "./project-config.js";

let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(path.join(tmpdir(), "graphfleet-http-app-")));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function load(code: string) {
  writeFileSync(path.join(dir, "app.mjs"), code);
  writeFileSync(
    path.join(dir, "langgraph.json"),
    JSON.stringify({ graphs: { a: "a.ts:g" }, http: { app: "./app.mjs:app" } }),
  );
  return await loadHttpApp(await loadProject(dir));
}

const HONO = "{ fetch() {}, use() {}, all() {}, route() {}, onError() {} }";

test("a Hono app is known by what it can do, a function by being one", async () => {
  expect((await load(`export const app = ${HONO};`))?.app.kind).toBe("hono");
});

test("a function is an Express app or middleware, and its module may want to know of start and stop", async () => {
  const app = await load(
    "export const said = []; export const app = (req, res, next) => said; export const onStartup = async () => { said.push('start'); };",
  );
  await app?.onStartup();
  await app?.onShutdown();

  const handler = app?.app.kind === "node" ? app.app.handler : null;
  expect(handler?.({}, {}, () => undefined)).toEqual(["start"]);
});

test.each([
  ["nothing of that name", "export const other = 1;", 'has no export "app"'],
  ["an error handler", "export const app = (error, req, res, next) => {};", "neither a Hono app"],
  ["an object", "export const app = { fetch() {} };", "neither a Hono app"],
  ["a module that breaks", "throw new Error('boom');", "boom"],
  ["a hook that is none", `export const app = ${HONO}; export const onStartup = 1;`, "its onStartup is no function"],
])("%s is refused by name", async (_what, code, words) => {
  const message = new RegExp(`langgraph.json: Failed to load HTTP app: ./app.mjs:app: .*${words}`);
  await expect(load(code)).rejects.toThrow(message);
});

test("no app is fine", async () => {
  writeFileSync(path.join(dir, "langgraph.json"), JSON.stringify({ graphs: { a: "a.ts:g" } }));
  expect(await loadHttpApp(await loadProject(dir))).toBeNull();
});
