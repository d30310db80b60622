import { COMMANDS } from "../commands.js";
import { readInput } from "../shell/read-input.js";
import { toWatch } from "./dev.js";
import { DEV_FLAGS } from "./dev-flags.js";
import { devOptions, unheard } from "./dev-options.js";

const input = (...args: string[]) => readInput({ name: "dev", flags: DEV_FLAGS }, args);
const options = (args: string[], env: Record<string, string> = {}) =>
  devOptions(input(...args), { env, cwd: "/home/ada/project" });

describe("graphfleet dev", () => {
  test("serves the current folder on the SDK's own port, and keeps its data there", () => {
    expect(options([])).toMatchObject({
      configPath: "/home/ada/project",
      host: "127.0.0.1",
      port: 8123,
      jobsPerWorker: 10,
      dataDir: "/home/ada/project/.graphfleet",
      databaseUri: null,
      redisUri: null,
    });
  });

  test("knows the official options", () => {
    const args = ["-p", "9000", "-h", "0.0.0.0", "-n", "3", "-c", "../b/langgraph.json", "--no-browser", "--no-reload"];

    expect(options(args)).toMatchObject({
      configPath: "/home/ada/b/langgraph.json",
      host: "0.0.0.0",
      port: 9000,
      jobsPerWorker: 3,
      dataDir: "/home/ada/b/.graphfleet",
    });
    expect(unheard(input(...args))).toEqual([]);
  });

  test("says which of them do nothing here", () => {
    expect(unheard(input("--tunnel", "--debug-port", "9229"))).toEqual([
      expect.stringContaining("--tunnel has no effect"),
      expect.stringContaining("--inspect"),
    ]);
  });

  test("a value that cannot be used is refused by name", () => {
    expect(() => options(["-p", "99999"])).toThrow(/^--port must be a whole number from 1 to 65535/);
    expect(() => options(["-n", "0"])).toThrow(/^--n-jobs-per-worker must be a whole number/);
    expect(() => options([], { PORT: "x" })).toThrow(/^PORT must be a whole number/);
    expect(() => options([], { N_JOBS_PER_WORKER: "0" })).toThrow(/^N_JOBS_PER_WORKER must be/);
  });

  test("is a command, and -h is its host", () => {
    expect(COMMANDS.find(({ name }) => name === "dev")?.flags).toMatchObject({ host: { short: "h" } });
  });
});

test("what is watched: the project, graphs that are elsewhere, the configuration and its env file", () => {
  const graph = (id: string, file: string) => ({ id, file, written: file, exportName: "graph", description: null });
  const project = {
    dir: "/p",
    configPath: "/p/langgraph.json",
    graphs: [graph("a", "/p/src/a.ts"), graph("b", "/shared/b.ts"), graph("c", "/shared/c.ts")],
    env: { file: "/secrets/.env", values: {} },
  };

  expect(toWatch(project, { dataDir: "/p/.graphfleet" })).toEqual({
    roots: ["/p", "/shared"],
    files: ["/p/langgraph.json", "/secrets/.env"],
    ignored: ["/p/.graphfleet"],
  });
});
