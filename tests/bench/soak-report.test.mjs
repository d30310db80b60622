import { markdownOfSoak, verdictOf } from "./soak-report.mjs";

const MEGABYTE = 1024 * 1024;

/** @param {(look: number) => number} heap megabytes at each look */
const looksWith = (heap) =>
  Array.from({ length: 9 }, (_, index) => ({
    runs: (index + 1) * 2000,
    processes: [{ role: "api", pid: 7, rss: 200 * MEGABYTE, heapUsed: heap(index) * MEGABYTE, external: 0 }],
  }));

test("a heap that stays is flat, also when it was warming up at first", () => {
  expect(verdictOf(looksWith((look) => (look < 3 ? 20 + look * 8 : 44)))).toMatchObject([
    { name: "api 1", flat: true },
  ]);
});

test("a heap that grows with the runs is told", () => {
  const looks = looksWith((look) => 40 + look);
  expect(verdictOf(looks)).toEqual([{ name: "api 1", growth: 3 * MEGABYTE, flat: false }]);
  expect(markdownOfSoak(looks, { seconds: 1 })).toContain("- api 1: GROWS (3.0 MB");
});
