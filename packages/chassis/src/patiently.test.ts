import { patiently, type PatienceOptions } from "./patiently.js";

const away = new Error("connection refused");

function setUp(failures: readonly Error[], options: Partial<PatienceOptions> = {}) {
  const pauses: number[] = [];
  const left = [...failures];
  const opening = patiently(
    async () => {
      const failure = left.shift();
      if (failure !== undefined) throw failure;
      return "open";
    },
    {
      name: "postgres",
      forMs: 10_000,
      mayHeal: (error) => error === away,
      stopping: new AbortController().signal,
      log: { warn: () => undefined },
      wait: async (ms) => void pauses.push(ms),
      ...options,
    },
  );
  return { opening, pauses };
}

describe("patiently", () => {
  test("tries again with growing pauses until it opens", async () => {
    const { opening, pauses } = setUp([away, away, away]);

    expect(await opening).toBe("open");
    expect(pauses).toEqual([500, 1000, 2000]);
  });

  test("throws at once what time does not heal", async () => {
    const { opening, pauses } = setUp([new Error("wrong password")]);

    await expect(opening).rejects.toThrow("wrong password");
    expect(pauses).toEqual([]);
  });

  test("throws the last error when its patience is over", async () => {
    const { opening, pauses } = setUp(Array.from({ length: 20 }, () => away));

    await expect(opening).rejects.toThrow("connection refused");
    expect(pauses).toEqual([500, 1000, 2000, 4000]);
  });

  test("ends when the process stops", async () => {
    const stop = new AbortController();
    const { opening } = setUp([away], {
      stopping: stop.signal,
      wait: async () => {
        throw new Error("the process is stopping");
      },
    });

    await expect(opening).rejects.toThrow("the process is stopping");
  });
});
