import type { Command, Input, Io } from "./command.js";
import { makePaint } from "./paint.js";
import { runCli } from "./run-cli.js";
import { COMMANDS } from "../commands.js";
import { Problem } from "../problem.js";

function bench() {
  const said = { out: "", err: "" };
  const inputs: Input[] = [];
  const commands: Command[] = [
    {
      name: "cook",
      summary: "Cooks.",
      operands: "[dish]",
      maxOperands: 1,
      takesRest: true,
      flags: {
        pot: { type: "string", short: "p", value: "NAME", about: "which pot" },
        slowly: { type: "boolean", about: "take time" },
        tunnel: { type: "boolean" },
      },
      run: async (input) => {
        inputs.push(input);
        return 7;
      },
    },
    {
      name: "burn",
      summary: "Burns.",
      flags: {},
      run: async () => {
        throw new Problem("The kitchen is on fire. Open a window.");
      },
    },
  ];
  const io: Io = {
    env: {},
    cwd: "/here",
    root: "/there",
    write: (text) => (said.out += text),
    tell: (text) => (said.err += text),
    paint: makePaint(false, {}),
    read: async () => "",
    stopping: () => new AbortController().signal,
  };
  return { said, inputs, run: (...args: string[]) => runCli(args, commands, io) };
}

describe("the command line", () => {
  test("hands over what was typed, and the command's exit code", async () => {
    const { run, inputs } = bench();

    expect(await run("cook", "soup", "-p", "big", "--slowly", "--tunnel", "--", "--salt")).toBe(7);
    expect(inputs[0]).toEqual({
      strings: { pot: "big" },
      switches: new Set(["slowly", "tunnel"]),
      positionals: ["soup"],
      rest: ["--salt"],
    });
  });

  test.each([
    [["cok"], "Did you mean cook?"],
    [["dance"], "There are cook, burn."],
    [["deploy"], "hosted"],
    [["cook", "--slowy"], "Did you mean --slowly?"],
    [["cook", "--zzzzzz"], "The option --zzzzzz is unknown."],
    [["cook", "--toString"], "The option --toString is unknown."],
    [["cook", "--pot"], "--pot needs a value"],
    [["cook", "--slowly=yes"], "takes no value"],
    [["cook", "soup", "bread"], '"bread"'],
    [[], "Usage: graphfleet"],
  ])("%j was typed wrong: exit code 2, on standard error", async (args, words) => {
    const { run, said, inputs } = bench();

    expect(await run(...args)).toBe(2);
    expect(said.err).toContain(words);
    expect(said.out).toBe("");
    expect(inputs).toEqual([]);
  });

  test("a problem is one sentence, and exit code 1", async () => {
    const { run, said } = bench();

    expect(await run("burn")).toBe(1);
    expect(said.err).toBe("\nThe kitchen is on fire. Open a window.\n");
  });

  test.each([
    [["--help"], "burn  Burns."],
    [["cook", "--help"], "-p, --pot NAME  which pot"],
    [["cook", "--wrong", "-h"], "Accepted without effect: --tunnel."],
    [["help", "cook"], "Usage: graphfleet cook [dish]"],
    [["--version"], "."],
  ])("%j answers on standard output", async (args, words) => {
    const { run, said, inputs } = bench();

    expect(await run(...args)).toBe(0);
    expect(said.out).toContain(words);
    expect(inputs).toEqual([]);
  });
});

describe("the commands", () => {
  test("have names and short options that differ, and say what they do", () => {
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length);
    for (const { summary, flags } of COMMANDS) {
      const shorts = Object.values(flags).flatMap(({ short }) => short ?? []);
      expect(new Set(shorts).size).toBe(shorts.length);
      expect(summary).toMatch(/^[A-Z].*\.$/);
    }
  });
});

describe("colours", () => {
  test.each([
    [true, {}, "\u001B[31mno\u001B[39m"],
    [false, {}, "no"],
    [true, { NO_COLOR: "1" }, "no"],
    [true, { NO_COLOR: "" }, "\u001B[31mno\u001B[39m"],
    [true, { TERM: "dumb" }, "no"],
  ])("terminal %s, %j", (isTerminal, env, expected) => {
    expect(makePaint(isTerminal, env).red("no")).toBe(expected);
  });
});
