import { manualClock } from "@graphfleet/testkit";
import { inBatches } from "./in-batches.js";

/** A database where each batch takes 40 ms. */
function setUp(found: readonly { readonly rows: number; readonly more: boolean }[]) {
  const clock = manualClock();
  const stopping = new AbortController();
  const asked: number[] = [];
  const rests: number[] = [];
  const left = [...found];
  const run = (limit: number) =>
    inBatches({
      limit,
      stopping: stopping.signal,
      now: () => clock.now(),
      wait: async (ms) => void rests.push(ms),
      batch: async (most) => {
        asked.push(most);
        clock.advance(40);
        const batch = left.shift();
        if (batch === undefined) throw new Error("Nobody should have asked.");
        return batch;
      },
    });
  return { run, stopping, asked, rests };
}

test("goes on until nothing is left, and rests for as long as each batch took", async () => {
  const { run, asked, rests } = setUp([
    { rows: 10, more: true },
    { rows: 0, more: true },
    { rows: 3, more: false },
  ]);

  expect(await run(100)).toBe(13);
  expect(asked).toEqual([100, 90, 90]);
  expect(rests).toEqual([40, 40]);
});

test("ends when the round is full, however much is left", async () => {
  const { run, asked } = setUp([
    { rows: 10, more: true },
    { rows: 5, more: true },
  ]);

  expect(await run(15)).toBe(15);
  expect(asked).toEqual([15, 5]);
});

test("ends after the present batch when it is to stop", async () => {
  const { run, stopping } = setUp([{ rows: 10, more: true }]);
  stopping.abort();
  expect(await run(100)).toBe(0);

  const late = setUp([{ rows: 10, more: true }]);
  const round = late.run(100);
  late.stopping.abort();
  expect(await round).toBe(10);
});

test("a real rest is cut short by the stop", async () => {
  const stopping = new AbortController();
  let time = 0;
  const round = inBatches({
    limit: 10,
    stopping: stopping.signal,
    // Each look at the clock is an hour later than the one before.
    now: () => (time += 3_600_000),
    batch: async () => {
      setImmediate(() => stopping.abort());
      return { rows: 1, more: true };
    },
  });
  expect(await round).toBe(1);
});

test("fails with its batch, so that the loop around it backs off", async () => {
  const { run } = setUp([]);
  await expect(run(1)).rejects.toThrow("Nobody should have asked.");
});
