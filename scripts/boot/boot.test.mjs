import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cleanEnv } from "./environment.mjs";
import { installFailure } from "./install.mjs";
import { nodeProblem } from "./node-version.mjs";
import { majorOf, wantedVersion } from "./pnpm.mjs";
import { Progress } from "./progress.mjs";
import { installHash, packagePatterns, workspaceFolders } from "./workspace.mjs";

describe("nodeProblem", () => {
  test("names both versions to the user of an old Node", () => {
    expect(nodeProblem("18.20.4")).toMatch(/needs Node 20 or newer, and this is Node 18\.20\.4/);
  });

  test.each(["20.0.0", "22.11.0", "100.1.0"])("accepts %s", (version) => {
    expect(nodeProblem(version)).toBeNull();
  });
});

describe("cleanEnv", () => {
  test("forgets what the calling npm says about itself", () => {
    const env = {
      npm_lifecycle_event: "start",
      npm_package_name: "x",
      npm_command: "run-script",
      npm_execpath: "/npm",
      npm_config_prefix: "/usr",
      npm_config_user_agent: "npm/10",
      PATH: "/bin",
    };

    expect(cleanEnv(env)).toEqual({ PATH: "/bin" });
  });

  test("keeps the way to the registry", () => {
    const env = {
      npm_config_registry: "https://registry.example/",
      "npm_config_@acme:registry": "https://acme.example/",
      "npm_config_//registry.example/:_authToken": "t",
      NPM_CONFIG_HTTPS_PROXY: "http://proxy.example:3128",
      npm_config_cafile: "/ca.pem",
      npm_config_userconfig: "/home/me/.npmrc",
      NPM_TOKEN: "t",
      HTTPS_PROXY: "http://proxy.example:3128",
    };

    expect(cleanEnv(env)).toEqual(env);
  });
});

describe("workspace", () => {
  const root = mkdtempSync(join(tmpdir(), "graphfleet boot "));
  const put = (path, text) => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put("package.json", "{}");
  put("pnpm-lock.yaml", "lockfileVersion: '9.0'\n");
  put("pnpm-workspace.yaml", 'packages:\n  - packages/*\n  - "tests"\n\ncatalog:\n  a: 1\n');
  put("packages/b/package.json", "{}");
  put("packages/a/package.json", "{}");
  put("packages/notes.txt", "no package");
  put("tests/package.json", "{}");
  afterAll(() => rmSync(root, { recursive: true }));

  test("finds every package that the workspace names", () => {
    expect(workspaceFolders(root)).toEqual(["", "packages/a", "packages/b", "tests"]);
  });

  test("asks for an install when a manifest or the lockfile changed, and only then", () => {
    const folders = workspaceFolders(root);
    const before = installHash(root, folders);
    put("packages/a/index.ts", "export {};");
    expect(installHash(root, folders)).toBe(before);

    put("packages/a/package.json", '{"name":"a"}');
    const after = installHash(root, folders);
    expect(after).not.toBe(before);

    put("pnpm-lock.yaml", "lockfileVersion: '9.1'\n");
    expect(installHash(root, folders)).not.toBe(after);
  });

  test("reads the package list wherever it stands in the file", () => {
    expect(packagePatterns("a: 1\npackages:\n  - apps/*\n  - 'tests/bench'")).toEqual(["apps/*", "tests/bench"]);
  });
});

describe("pnpm", () => {
  test("comes in the version that the root package names", () => {
    expect(wantedVersion('{"packageManager":"pnpm@10.34.8+sha512.abc"}')).toBe("10.34.8");
  });

  test.each([
    ["10.34.8\n", 10],
    ["npm warn Unknown user config\n9.1.0\n", 9],
    ["command not found", null],
  ])("is recognized by what it says: %j", (said, major) => {
    expect(majorOf(said)).toBe(major);
  });
});

describe("installFailure", () => {
  test("begins with the cause", () => {
    const output =
      "Progress: resolved 1\n WARN  GET https://r.example/a error (ECONNREFUSED)\n ERR_PNPM_OUTDATED_LOCKFILE  Cannot install\nNote that in CI\n";

    const [first, ...rest] = installFailure(output).split("\n");

    expect(first).toBe("Installing packages failed: ERR_PNPM_OUTDATED_LOCKFILE  Cannot install");
    expect(rest).toEqual(["  ERR_PNPM_OUTDATED_LOCKFILE  Cannot install", "  Note that in CI"]);
  });
});

describe("Progress", () => {
  const paper = (isTTY) => ({
    isTTY,
    text: "",
    write(words) {
      this.text += words;
    },
  });

  test("writes one line per step", async () => {
    const out = paper(false);
    const progress = new Progress(2, out);

    await progress.step("installing packages", () => "up to date");
    await progress.step("building", async () => {});

    expect(out.text).toBe("[1/2] installing packages ... up to date\n[2/2] building ... 0 s\n");
  });

  test("says which step failed and lets the error through", async () => {
    const out = paper(false);

    await expect(
      new Progress(1, out).step("building", () => {
        throw new Error("broken");
      }),
    ).rejects.toThrow("broken");

    expect(out.text).toBe("[1/1] building ... failed\n");
  });
});
