import { readInput } from "../shell/read-input.js";
import { START_FLAGS } from "./start-flags.js";
import { startOptions } from "./start-options.js";

const read = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  startOptions(readInput({ name: "start", flags: START_FLAGS }, args), env, "/home/ada/project", "/opt/graphfleet");

describe("startOptions", () => {
  test("serves the examples on the SDK's own port when nothing is said", () => {
    expect(read([])).toEqual({
      configPath: "/opt/graphfleet/examples/langgraph.json",
      host: "127.0.0.1",
      port: 8123,
      workers: 2,
      jobsPerWorker: 10,
      dataDir: "/home/ada/project/.graphfleet",
      cacheDir: "/home/ada/project/.graphfleet/cache",
      databaseUri: null,
      redisUri: null,
      oneProcess: false,
    });
  });

  test("takes the environment, and arguments over it", () => {
    const env = {
      PORT: "9000",
      WORKERS: "4",
      N_JOBS_PER_WORKER: "25",
      GRAPHFLEET_DATA_DIR: "/data",
      GRAPHFLEET_CONFIG: "other.json",
      DATABASE_URI: "postgresql://db",
      REDIS_URI: "redis://cache",
      HOME: "/home/ada",
    };

    expect(read(["--port", "9001", "--config", "mine/langgraph.json"], env)).toMatchObject({
      configPath: "/home/ada/project/mine/langgraph.json",
      port: 9001,
      workers: 4,
      jobsPerWorker: 25,
      dataDir: "/data",
      cacheDir: "/home/ada/.cache/graphfleet",
      databaseUri: "postgresql://db",
      redisUri: "redis://cache",
    });
  });

  test("an empty variable is one that was not set", () => {
    expect(read([], { PORT: "", DATABASE_URI: "", REDIS_URI: "" })).toMatchObject({
      port: 8123,
      databaseUri: null,
      redisUri: null,
    });
  });

  test.each([
    [["--port", "0"], "--port must be a whole number from 1 to 65535"],
    [["--port", "80.5"], "--port must be a whole number"],
    [["--workers", "none"], '--workers must be a whole number from 1 to 64, got "none"'],
    [["--nonsense"], "--nonsense"],
    [["stray"], "stray"],
  ])("%j is refused by name", (args, words) => {
    expect(() => read(args)).toThrow(words);
  });

  test.each([
    ["PORT", "0", "PORT must be a whole number from 1 to 65535"],
    ["WORKERS", "none", 'WORKERS must be a whole number from 1 to 64, got "none"'],
    ["N_JOBS_PER_WORKER", "0", "N_JOBS_PER_WORKER must be a whole number"],
  ])("a variable that cannot be used is refused by its own name: %s", (name, value, words) => {
    expect(() => read([], { [name]: value })).toThrow(words);
    expect(() => read([], { [name]: value })).not.toThrow("--");
  });
});
