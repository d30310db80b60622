import type { Authorizer } from "../auth/authorizer.js";
import { ANONYMOUS } from "../auth/caller.js";
import { isWithin, type Scope, WHOLE_HOUSE } from "../auth/scope.js";
import type { JsonObject } from "../json.js";
import type { LongTermMemory } from "./long-term-memory.js";
import { makeManageItems } from "./manage-items.js";

const OWNED: Scope = { conditions: [{ key: "owner", operator: "eq", value: "ann" }] };

/** Notes what reaches memory. The handler may change the value, as projects' handlers do. */
function setUp(handle: (value: Record<string, unknown>) => void = () => undefined, scope = WHOLE_HOUSE, within = true) {
  const calls: unknown[][] = [];
  const note =
    <T>(answer: T) =>
    async (...args: readonly unknown[]) => {
      calls.push([...args]);
      return answer;
    };
  const memory: LongTermMemory = {
    put: note(within),
    get: note(null),
    delete: note(within),
    search: note([]),
    namespaces: note([]),
  };
  const events: [string, JsonObject][] = [];
  const authorizer: Authorizer = {
    async authorize(_caller, event, value) {
      const mine = structuredClone(value);
      events.push([event, structuredClone(value)]);
      handle(mine as Record<string, unknown>);
      return { scope, value: mine };
    },
  };
  return { items: makeManageItems({ memory, authorizer }), memory, calls, events };
}

const PAGE = { limit: 10, offset: 0 };

test("what a handler makes of namespace and key is what counts", async () => {
  const { items, calls, events } = setUp((value) => {
    value.namespace = ["ann", ...((value.namespace as string[] | null) ?? [])];
  });
  await items.putItem({ namespace: ["a"], key: "k", value: {} }, ANONYMOUS);
  await items.getItem({ namespace: ["a"], key: "k" }, undefined, ANONYMOUS);
  await items.deleteItem({ namespace: ["a"], key: "k" }, ANONYMOUS);
  await items.searchItems({ ...PAGE, prefix: ["a"], filter: { n: 1 }, text: "tea" }, undefined, ANONYMOUS);
  await items.listNamespaces({ ...PAGE, prefix: ["a"], suffix: ["z"], maxDepth: 2 }, ANONYMOUS);

  expect(events).toEqual([
    ["store:put", { namespace: ["a"], key: "k", value: {} }],
    ["store:get", { namespace: ["a"], key: "k" }],
    ["store:delete", { namespace: ["a"], key: "k" }],
    ["store:search", { namespace: ["a"], filter: { n: 1 }, query: "tea", ...PAGE }],
    ["store:list_namespaces", { namespace: ["a"], suffix: ["z"], max_depth: 2, ...PAGE }],
  ]);
  expect(calls[0]?.[0]).toMatchObject({ namespace: ["ann", "a"] });
  expect(calls[1]?.[0]).toEqual(["ann", "a"]);
  expect(calls[2]?.[0]).toEqual(["ann", "a"]);
  expect(calls[3]?.[0]).toMatchObject({ prefix: ["ann", "a"], text: "tea" });
  expect(calls[4]?.[0]).toMatchObject({ prefix: ["ann", "a"], suffix: ["z"] });
});

test.each([[["a.b"]], [["a", ""]], [[1]]])("a handler's namespace %j is refused", async (namespace) => {
  const { items, calls } = setUp((value) => {
    value.namespace = namespace;
  });
  await expect(items.getItem({ namespace: ["a"], key: "k" }, undefined, ANONYMOUS)).rejects.toMatchObject({
    code: "invalid_request",
  });
  expect(calls).toEqual([]);
});

test("an item that its writer could not read is forbidden; a foreign one does not exist", async () => {
  const { items, calls } = setUp(undefined, OWNED, false);
  await expect(items.putItem({ namespace: ["a"], key: "k", value: {} }, ANONYMOUS)).rejects.toMatchObject({
    code: "forbidden",
    message: "Not authorized",
  });
  expect(calls).toEqual([]);
  const foreign = { code: "item_not_found", message: "Item not found" };
  const put = items.putItem({ namespace: ["a"], key: "k", value: { owner: "ann" } }, ANONYMOUS);
  await expect(put).rejects.toMatchObject(foreign);
  await expect(items.deleteItem({ namespace: ["a"], key: "k" }, ANONYMOUS)).rejects.toMatchObject(foreign);
});

test("reading: a foreign item is not found, one that nobody has is null", async () => {
  const yours = { namespace: ["a"], key: "k", value: { owner: "bob" }, createdAt: new Date(0), updatedAt: new Date(0) };
  const reads: unknown[][] = [];
  const get: LongTermMemory["get"] = async (_namespace, key, refreshTtl, scope) => {
    reads.push([key, refreshTtl]);
    return key === "k" && isWithin(scope, yours.value) ? yours : null;
  };
  const read = async (key: string, scope: Scope): Promise<unknown> => {
    const authorizer: Authorizer = { authorize: async (_caller, _event, value) => ({ scope, value }) };
    const unused = setUp().memory;
    const items = makeManageItems({ memory: { ...unused, get }, authorizer });
    return await items.getItem({ namespace: ["a"], key }, true, ANONYMOUS);
  };

  await expect(read("k", WHOLE_HOUSE)).resolves.toEqual(yours);
  await expect(read("none", OWNED)).resolves.toBeNull();
  reads.length = 0;
  await expect(read("k", OWNED)).rejects.toMatchObject({ code: "item_not_found", message: "Item not found" });
  // Somebody else's item does not live longer because one looked for it.
  expect(reads).toEqual([
    ["k", true],
    ["k", false],
  ]);
});
