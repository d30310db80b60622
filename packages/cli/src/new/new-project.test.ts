import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Io } from "../shell/command.js";
import { makePaint } from "../shell/paint.js";
import { newProject, packageName, TEMPLATES } from "./new-project.js";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

describe("graphfleet new", () => {
  let cwd: string;
  let said = "";
  const io = (): Io => ({
    env: {},
    cwd,
    root: ROOT,
    write: (text) => (said += text),
    tell: () => undefined,
    paint: makePaint(false, {}),
    read: async () => "",
    stopping: () => new AbortController().signal,
  });
  const make = (positionals: string[], strings: Record<string, string> = {}, switches: string[] = []) =>
    newProject({ positionals, strings, switches: new Set(switches), rest: [] }, io());

  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), "graphfleet-new-"));
    said = "";
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  test("makes a project under the folder's name, and says what comes next", async () => {
    expect(await make(["My Agent"])).toBe(0);

    const dir = join(cwd, "My Agent");
    expect(readdirSync(dir).toSorted()).toEqual([
      ".env",
      ".env.example",
      ".gitignore",
      "README.md",
      "langgraph.json",
      "package.json",
      "src",
      "tsconfig.json",
    ]);
    expect(JSON.parse(readFileSync(join(dir, "package.json"), "utf8"))).toMatchObject({
      name: "my-agent",
      type: "module",
    });
    expect(said).toContain("cd 'My Agent'\n  npm install\n  graphfleet dev");
  });

  test("leaves what is there alone", async () => {
    writeFileSync(join(cwd, "thesis.txt"), "years of work");

    await expect(make(["."])).rejects.toThrow(/not empty \(thesis.txt\)/);
    expect(readdirSync(cwd)).toEqual(["thesis.txt"]);
  });

  test("answers as JSON", async () => {
    await make(["one"], { template: "minimal" }, ["json"]);

    expect(JSON.parse(said)).toEqual({ path: join(cwd, "one"), template: "minimal" });
  });

  test("tells which template was meant", async () => {
    await expect(make(["one"], { template: "agnet" })).rejects.toThrow("Did you mean agent?");
    await expect(make(["one"], { template: "rag" })).rejects.toThrow("There are agent and minimal.");
  });

  test("every template is there and takes the versions that this server is tested with", () => {
    const catalog = readFileSync(join(ROOT, "pnpm-workspace.yaml"), "utf8");
    const folders = join(ROOT, "examples", "templates");
    expect(readdirSync(folders).toSorted()).toEqual(Object.keys(TEMPLATES).toSorted());
    for (const template of Object.keys(TEMPLATES)) {
      const manifest = JSON.parse(readFileSync(join(folders, template, "package.json"), "utf8")) as Record<
        string,
        object
      >;
      for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))
        expect(catalog).toMatch(new RegExp(`^  "?${name}"?: ${String(version).replaceAll(".", "\\.")}$`, "m"));
    }
  });
});

test.each([
  ["/a/My Agent!", "my-agent"],
  ["/a/.hidden", "hidden"],
  ["/", "my-agent"],
  ["/a/ärger", "rger"],
])("%s is package %s", (dir, name) => {
  expect(packageName(dir)).toBe(name);
});
