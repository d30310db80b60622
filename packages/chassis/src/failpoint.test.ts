import { armFailpoint, withPoints } from "./failpoint.js";

const env = (
  failpoint: string | undefined,
  facts: { NODE_ENV?: string; allowed?: boolean } = { NODE_ENV: "test" },
) => ({
  ...(failpoint === undefined ? {} : { GRAPHFLEET_FAILPOINT: failpoint }),
  ...(facts.NODE_ENV === undefined ? {} : { NODE_ENV: facts.NODE_ENV }),
  GRAPHFLEET_ALLOW_FAILPOINTS: facts.allowed ?? false,
});
const NAMES = ["a.done", "b.done"] as const;

describe("armFailpoint", () => {
  test("dies at the named point, the nth time", () => {
    let deaths = 0;
    const at = armFailpoint(env("a.done:2"), NAMES, () => (deaths += 1))!;
    at("a.done");
    at("b.done");
    expect(deaths).toBe(0);
    at("a.done");
    expect(deaths).toBe(1);
    at("a.done");
    expect(deaths).toBe(1);
  });

  test.each([
    ["nothing is asked for", env(undefined)],
    ["the point is another process's", env("c.done")],
    ["this is production", env("a.done", { NODE_ENV: "production" })],
    ["nobody said what this is", env("a.done", {})],
  ])("is not armed when %s", (_why, given) => {
    expect(armFailpoint(given, NAMES)).toBeNull();
  });

  test("is armed outside of tests only when that is allowed", () => {
    expect(armFailpoint(env("a.done", { NODE_ENV: "production", allowed: true }), NAMES)).not.toBeNull();
  });
});

describe("withPoints", () => {
  class Counter {
    #n = 0;
    async add(by: number): Promise<number> {
      if (by < 0) throw new Error("no");
      this.#n += by;
      return this.#n;
    }
    get n(): number {
      return this.#n;
    }
  }

  test("passes points around a method and leaves everything else as it is", async () => {
    const passed: string[] = [];
    const points = { before: () => void passed.push("before"), after: () => void passed.push("after") };
    const counter = withPoints(new Counter(), { add: points });

    expect(await counter.add(2)).toBe(2);
    expect(counter.n).toBe(2);
    await expect(counter.add(-1)).rejects.toThrow("no");

    expect(passed).toEqual(["before", "after", "before"]);
  });
});
