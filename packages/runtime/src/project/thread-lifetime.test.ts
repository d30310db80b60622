import { threadLifetime } from "./thread-lifetime.js";

test("threads have no lifetime unless the project gives them one", () => {
  expect(threadLifetime({ checkpointer: {} })).toBeUndefined();
  expect(threadLifetime({ checkpointer: { ttl: { strategy: "keep_latest", sweep_limit: 5 } } })).toBeUndefined();
});

test("they are removed at its end unless the project wants to keep their newest state", () => {
  expect(threadLifetime({ checkpointer: { ttl: { default_ttl: 0.5 } } })).toEqual({ minutes: 0.5, strategy: "delete" });
  expect(threadLifetime({ checkpointer: { ttl: { default_ttl: 90, strategy: "keep_latest" } } })).toEqual({
    minutes: 90,
    strategy: "keep_latest",
  });
});
