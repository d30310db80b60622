import { expiryOf } from "./expiry-options.js";

const DEFAULTS = { threads: { everyMs: 300_000, limit: 1000 }, items: { everyMs: 300_000 } };

test("a project that says nothing, and no project, are swept every five minutes", () => {
  expect(expiryOf(null)).toEqual(DEFAULTS);
  expect(expiryOf({ checkpointer: {}, store: {} })).toEqual(DEFAULTS);
});

test("a project says how often, and how many threads at a time", () => {
  const project = {
    checkpointer: { ttl: { sweep_interval_minutes: 0.5, sweep_limit: 7 } },
    store: { ttl: { sweep_interval_minutes: 60 } },
  };
  expect(expiryOf(project)).toEqual({ threads: { everyMs: 30_000, limit: 7 }, items: { everyMs: 3_600_000 } });
});

test("stays between what a database bears and what a timer can wait", () => {
  const every = (minutes: number) =>
    expiryOf({ checkpointer: {}, store: { ttl: { sweep_interval_minutes: minutes } } }).items.everyMs;
  expect(every(0.000_001)).toBe(100);
  expect(every(1e9)).toBe(24 * 3_600_000);
});
