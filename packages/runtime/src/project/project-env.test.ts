import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { readProjectEnv } from "./project-env.js";

const project = (env: { file: string | null; values: Record<string, string> }) => ({
  env,
  configPath: "langgraph.json",
});

describe("readProjectEnv", () => {
  test("gives what is missing, and leaves what the operator set", async () => {
    const env = { file: null, values: { MODEL: "small", KEY: "project" } };

    expect(await readProjectEnv(project(env), { KEY: "operator" })).toEqual({ MODEL: "small" });
  });

  test("reads a file of variables", async () => {
    const dir = await mkdtemp(path.join(tmpdir(), "project-env-"));
    const file = path.join(dir, ".env");
    await writeFile(file, '# comment\nA=1\nexport B="two words"\nC=\n');

    expect(await readProjectEnv(project({ file, values: {} }), {})).toEqual({ A: "1", B: "two words", C: "" });
    await rm(dir, { recursive: true });
  });

  test("a file that is not there gives nothing", async () => {
    expect(await readProjectEnv(project({ file: "/nowhere/.env", values: {} }), {})).toEqual({});
  });

  test("says which key named a file that cannot be read", async () => {
    const reading = readProjectEnv(project({ file: tmpdir(), values: {} }), {});

    await expect(reading).rejects.toThrow(`langgraph.json: "env" names ${tmpdir()}, which cannot be read`);
  });
});
