import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { partProblems } from "./part-problems.js";
import { loadProject } from "./project-config.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), "graphfleet-parts-"));
  const parts = `
    export const auth = { "~handlerCache": {} };
    export const app = (req, res, next) => next();
    export const encryption = { encrypt: { blob: () => null }, decrypt: { blob: () => null } };
    export const embed = async () => [];
    export const number = 5;`;
  await writeFile(path.join(dir, "parts.mjs"), parts);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function problems(more: object, env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  await writeFile(path.join(dir, "langgraph.json"), JSON.stringify({ graphs: { a: "./a.ts:graph" }, ...more }));
  const found = await partProblems(await loadProject(dir), env);
  return found.map((text) => text.replace(`${dir}/langgraph.json: `, ""));
}

const parts = (names: { auth: string; encryption: string; app: string; embed: string }) => ({
  auth: { path: `./parts.mjs:${names.auth}` },
  encryption: { path: `./parts.mjs:${names.encryption}` },
  http: { app: `./parts.mjs:${names.app}` },
  store: { index: { embed: `./parts.mjs:${names.embed}`, dims: 3 } },
  webhooks: { headers: { authorization: "Bearer ${{ env.LG_WEBHOOK_TOKEN }}" } },
});

test("nothing is wrong with a project that has none, or where all of them load", async () => {
  await expect(problems({})).resolves.toEqual([]);
  const all = parts({ auth: "auth", encryption: "encryption", app: "app", embed: "embed" });
  await expect(problems(all, { LG_WEBHOOK_TOKEN: "t" })).resolves.toEqual([]);
});

test("each that a server would not start with is told, in one go", async () => {
  const all = parts({ auth: "number", encryption: "number", app: "gone", embed: "number" });

  await expect(problems(all)).resolves.toEqual([
    expect.stringContaining("Auth must be an instance of Auth: ./parts.mjs:number"),
    expect.stringContaining("Failed to load encryption: ./parts.mjs:number has no function encrypt.blob"),
    expect.stringContaining('Failed to load HTTP app: ./parts.mjs:gone: ./parts.mjs has no export "gone"'),
    expect.stringContaining('"store.index.embed" is "./parts.mjs:number", which is neither'),
    '"webhooks.headers.authorization" needs the variable LG_WEBHOOK_TOKEN, which is not set.',
  ]);
});
