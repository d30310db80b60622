import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMANDS } from "../commands.js";
import { makePaint } from "../shell/paint.js";
import { runCli } from "../shell/run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "graphfleet-keys-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Said {
  readonly code: number;
  readonly out: string;
  readonly problem: string;
}

async function run(args: readonly string[], { input = "", env = {} } = {}): Promise<Said> {
  let [out, problem] = ["", ""];
  const code = await runCli(args, COMMANDS, {
    env,
    cwd: folder,
    root: "/",
    read: async () => input,
    write: (text) => (out += text),
    tell: (text) => (problem += text),
    paint: makePaint(false, {}),
    stopping: () => new AbortController().signal,
  });
  return { code, out, problem };
}

const digest = (key: string) => createHash("sha256").update(key).digest("hex");

describe("graphfleet keys", () => {
  test("new makes another key each time, and the digest that the server reads", async () => {
    const both = await Promise.all([run(["keys", "new", "ci", "--json"]), run(["keys", "new", "ci", "--json"])]);
    const [one, two] = both.map(({ out }) => JSON.parse(out) as { key: string; entry: string });

    expect(one?.entry).toBe(`ci:${digest(one?.key ?? "")}`);
    expect(two?.key).not.toBe(one?.key);
  });

  test("new says what to do with it", async () => {
    const { out } = await run(["keys", "new", "ci"]);
    expect(out).toMatch(/gf_[\w-]{43}\n[^]*GRAPHFLEET_API_KEYS[^]*ci:[\da-f]{64}/);
  });

  test("hash takes a key from standard input, as it is", async () => {
    expect((await run(["keys", "hash", "ops"], { input: "my key\n" })).out).toBe(`ops:${digest("my key")}\n`);
    expect((await run(["keys", "hash", "ops"])).code).toBe(2);
  });

  test("a file is changed in place: a new key beside the old one, then without it", async () => {
    const file = join(folder, "rotated");
    writeFileSync(file, `# who may come in\nci:${digest("old")}, ops:${digest("theirs")} # of the pager\n`);

    const { out } = await run(["keys", "new", "ci", "--json", "--file", "rotated"]);
    const { key } = JSON.parse(out) as { key: string };
    const listed = await run(["keys", "list", "--file", "rotated", "--json"]);
    expect(JSON.parse(listed.out)).toEqual([
      { name: "ci", digest: digest("old").slice(0, 12) },
      { name: "ops", digest: digest("theirs").slice(0, 12) },
      { name: "ci", digest: digest(key).slice(0, 12) },
    ]);
    expect(listed.out).not.toContain(digest("old"));

    expect((await run(["keys", "remove", digest("old").slice(0, 12), "--file", "rotated"])).code).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(
      `# who may come in\nops:${digest("theirs")} # of the pager\nci:${digest(key)}\n`,
    );
  });

  test("the environment names the file, and lists what it holds itself", async () => {
    const env = { GRAPHFLEET_API_KEYS_FILE: join(folder, "named") };
    await run(["keys", "new", "ci"], { env });
    expect(statSync(env.GRAPHFLEET_API_KEYS_FILE).mode & 0o077).toBe(0);
    expect((await run(["keys", "list"], { env })).out).toMatch(/^[\da-f]{12} {2}ci\n$/);
    const held = { GRAPHFLEET_API_KEYS: `ops:${digest("k")}` };
    expect((await run(["keys", "list"], { env: held })).out).toBe(`${digest("k").slice(0, 12)}  ops\n`);
  });

  test("what is not there, or is no file of keys, is told", async () => {
    writeFileSync(join(folder, "letter"), "Dear Ann");
    expect((await run(["keys", "new", "ci", "--file", "letter"])).problem).toContain("entry 1");
    expect(readFileSync(join(folder, "letter"), "utf8")).toBe("Dear Ann");
    expect((await run(["keys", "remove", "abcdef", "--file", "none"])).problem).toContain("no key");
    expect((await run(["keys", "remove", "abcdef"])).problem).toContain("--file");
  });

  test.each([["keys"], ["keys ci"], ["keys new"], ["keys new a:b"], ["keys new a b"], ["keys remove xyz"]])(
    "%s is typed wrong",
    async (line) => {
      expect((await run(line.split(" "))).code).toBe(2);
    },
  );
});

test("graphfleet sysinfo tells versions", async () => {
  const { code, out } = await run(["sysinfo", "--json"]);

  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ node: process.versions.node, docker: null });
});
