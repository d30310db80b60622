import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { librariesOf, majorMismatch, versionWarnings } from "./library-versions.js";

const of = (version: string, tested = "1.4.18") => [{ name: "@langchain/langgraph", version, tested }];

test.each([
  ["1.4.18", []],
  ["1.4.2", []],
  ["1.5.0", [expect.stringContaining("1.5.0 is newer than what this server is tested with (1.4.18)")]],
  ["1.3.9", [expect.stringContaining("1.3.9 is older")]],
  ["0.4.9", [expect.stringContaining("npm install @langchain/langgraph@1.4.18")]],
  ["2.0.0", [expect.stringContaining("another major version")]],
  ["workspace", []],
])("version %s", (version, warnings) => {
  expect(versionWarnings(of(version))).toEqual(warnings);
});

test("several graphs with the same library are one warning", () => {
  expect(versionWarnings([...of("1.5.0"), ...of("1.5.0")])).toHaveLength(1);
});

test("another major version is a reason, another minor one is none", () => {
  expect(majorMismatch(of("0.4.9"))).toBe(
    "its @langchain/langgraph is 0.4.9, and this server works with 1.x: npm install @langchain/langgraph@1.4.18",
  );
  expect(majorMismatch(of("1.9.0"))).toBeNull();
});

test("looks where a module of the project would, and where its LangGraph would", () => {
  const dir = realpathSync(mkdtempSync(path.join(tmpdir(), "graphfleet-versions-")));
  const install = (folder: string, name: string, version: string) => {
    mkdirSync(path.join(folder, "node_modules", name), { recursive: true });
    writeFileSync(path.join(folder, "node_modules", name, "package.json"), JSON.stringify({ name, version }));
  };
  try {
    install(dir, "@langchain/langgraph", "1.9.1");
    install(path.join(dir, "node_modules/@langchain/langgraph"), "@langchain/core", "1.8.0");
    expect(librariesOf(path.join(dir, "src", "agent.ts"))).toMatchObject([
      { name: "@langchain/langgraph", version: "1.9.1", tested: expect.stringMatching(/^\d+\.\d+\.\d+/) },
      { name: "@langchain/core", version: "1.8.0" },
    ]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
