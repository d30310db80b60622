import { createHash } from "node:crypto";
import { COMMANDS } from "../commands.js";
import { makePaint } from "../shell/paint.js";
import { runCli } from "../shell/run-cli.js";

async function run(...args: string[]): Promise<{ code: number; out: string }> {
  let out = "";
  const code = await runCli(args, COMMANDS, {
    env: {},
    cwd: "/",
    root: "/",
    write: (text) => (out += text),
    tell: () => undefined,
    paint: makePaint(false, {}),
    stopping: () => new AbortController().signal,
  });
  return { code, out };
}

describe("graphfleet keys", () => {
  test("makes another key each time, and the digest that the server reads", async () => {
    const [one, two] = await Promise.all([run("keys", "ci", "--json"), run("keys", "ci", "--json")]);
    const { key, entry } = JSON.parse(one.out) as { key: string; entry: string };

    expect(entry).toBe(`ci:${createHash("sha256").update(key).digest("hex")}`);
    expect(two.out).not.toContain(key);
  });

  test("says what to do with it", async () => {
    expect((await run("keys", "ci")).out).toMatch(/gf_[\w-]{43}\n[^]*GRAPHFLEET_API_KEYS[^]*ci:[\da-f]{64}/);
  });

  test("wants a name that fits between commas and colons", async () => {
    expect((await run("keys", "a:b")).code).toBe(2);
    expect((await run("keys")).code).toBe(2);
  });
});

test("graphfleet sysinfo tells versions", async () => {
  const { code, out } = await run("sysinfo", "--json");

  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ node: process.versions.node, docker: null });
});
