import { every, type EveryOptions } from "./every.js";

/** A clock that stands still: each pause is noted and ends when the test says so. */
function open(options: Partial<EveryOptions> & Pick<EveryOptions, "once">) {
  const warnings: object[] = [];
  const pauses: { ms: number; end: () => void }[] = [];
  let noted = () => {};
  const wait = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve());
      pauses.push({ ms, end: resolve });
      noted();
    });
  const loop = every({
    name: "lease-sweep",
    everyMs: 1_000,
    log: { warn: (fields) => warnings.push(fields) },
    wait,
    random: () => 0.5,
    ...options,
  });
  const paused = async (count: number) => {
    while (pauses.length < count) await new Promise<void>((resolve) => (noted = resolve));
    return pauses[count - 1]!;
  };
  return { loop, paused, pauses, warnings };
}

describe("every", () => {
  test("runs at once and again after each pause", async () => {
    let rounds = 0;
    const { loop, paused } = open({ once: async () => void (rounds += 1) });

    (await paused(1)).end();
    (await paused(2)).end();
    await paused(3);
    expect(rounds).toBe(3);
    await loop.stop();
  });

  test("doubles the pause with each failure in a row, up to a bound, and starts over after a success", async () => {
    let failing = true;
    const { loop, paused, pauses, warnings } = open({
      backoffMaxMs: 5_000,
      once: () => (failing ? Promise.reject(new Error("no database")) : Promise.resolve()),
    });

    for (let round = 1; round <= 4; round++) {
      const pause = await paused(round);
      if (round === 4) failing = false;
      pause.end();
    }
    await paused(5);

    expect(pauses.map((pause) => pause.ms)).toEqual([2_000, 4_000, 5_000, 5_000, 1_000]);
    expect(warnings).toHaveLength(4);
    expect(warnings[1]).toMatchObject({ name: "lease-sweep", failures: 2 });
    await loop.stop();
  });

  test.each([
    [0, 900],
    [1, 1_100],
  ])("varies the pause by a tenth (random %d)", async (random, expected) => {
    const { loop, paused } = open({ once: () => Promise.resolve(), random: () => random });

    expect((await paused(1)).ms).toBeCloseTo(expected);
    await loop.stop();
  });

  test("stop waits for the present round and asks for no other", async () => {
    let finish = () => {};
    let rounds = 0;
    const { loop } = open({
      once: () => {
        rounds += 1;
        return new Promise<void>((resolve) => (finish = resolve));
      },
    });
    let stopped = false;

    const stopping = loop.stop().then(() => (stopped = true));
    await Promise.resolve();
    expect(stopped).toBe(false);
    finish();
    await stopping;

    expect(rounds).toBe(1);
  });

  test("a real pause ends early when stopped", async () => {
    let ran = () => {};
    const first = new Promise<void>((resolve) => (ran = resolve));
    let rounds = 0;
    const loop = every({
      name: "slow",
      everyMs: 3_600_000,
      log: { warn: () => {} },
      once: async () => {
        rounds += 1;
        ran();
      },
    });

    await first;
    await loop.stop();

    expect(rounds).toBe(1);
  });
});
