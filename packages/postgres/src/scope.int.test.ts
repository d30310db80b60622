import { isWithin, type JsonObject, type Scope, type ScopeCondition } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";

const METADATA: readonly JsonObject[] = [
  {},
  { owner: "ann", teams: ["red", "blue"], level: 1, open: true, org: { id: 1, plan: "a" }, gone: null },
  { owner: "bob", teams: ["red"], level: 0, open: false, org: { id: 1 } },
  { owner: ["ann"], teams: "red", level: "1", open: "true" },
  { owner: { $eq: "ann" }, teams: [["red"]], level: null },
];

const eq = (key: string, value: JsonObject[string]): ScopeCondition => ({ key, operator: "eq", value });
const has = (key: string, value: JsonObject[string]): ScopeCondition => ({ key, operator: "contains", value });
const either = (...scopes: readonly (readonly ScopeCondition[])[]): ScopeCondition => ({
  anyOf: scopes.map((conditions) => ({ conditions })),
});

const SCOPES: readonly (readonly ScopeCondition[])[] = [
  [eq("owner", "ann")],
  [eq("owner", ["ann"])],
  [eq("level", 0)],
  [eq("level", 1), eq("open", true)],
  [eq("open", false)],
  [eq("gone", null)],
  [eq("org", { id: 1 })],
  [eq("nothing", "ann")],
  [eq("owner", "an\u0000n")],
  [has("teams", "red")],
  [has("teams", ["red", "blue"])],
  [has("teams", [])],
  [has("owner", "ann")],
  [either([eq("owner", "ann")], [eq("owner", "bob"), has("teams", "red")])],
  [either([eq("owner", "bob")], [either([eq("level", null)], [eq("level", "1")])])],
  [either([])],
  [either()],
  [either([eq("owner", "ann")], [eq("owner", "bob")]), has("teams", "blue")],
];

/** The scope, besides which a row has to be one of this test's. */
const among = (conditions: readonly ScopeCondition[]): Scope => ({ conditions: [...conditions, eq("of", "scopes")] });

let ledger: TestLedger;
let expected: readonly JsonObject[];
beforeAll(async () => {
  ledger = await openLedger();
  expected = METADATA.map((metadata, index) => ({ ...metadata, of: "scopes", index }));
  await ledger.make.thread({ metadata: { nested: { owner: "ann", of: "scopes" } } });
  for (const [index, metadata] of expected.entries()) {
    await ledger.make.thread({ metadata });
    await ledger.make.assistant({ metadata });
    await ledger.make.cron({ schedule: "@yearly", metadata });
    const item = { namespace: ["scopes"], key: `key-${index}`, value: metadata, ttlMinutes: null };
    await ledger.storage.items.put(item, { conditions: [] });
  }
});
afterAll(() => ledger?.close());

const PAGE = { limit: 100, offset: 0 };
const sort = { by: "created_at", order: "asc" } as const;
const RESOURCES: Readonly<Record<string, (scope: Scope) => Promise<readonly JsonObject[]>>> = {
  async threads(scope) {
    const { items } = await ledger.storage.threads.search({ ...PAGE, sort, select: ["metadata"] }, scope);
    expect(await ledger.storage.threads.count({}, scope)).toBe(items.length);
    return items.map(({ metadata }) => metadata ?? {});
  },
  async assistants(scope) {
    const { items } = await ledger.storage.assistants.search({ ...PAGE, sort }, scope);
    expect(await ledger.storage.assistants.count({}, scope)).toBe(items.length);
    return items.map(({ metadata }) => metadata);
  },
  async crons(scope) {
    const { items } = await ledger.storage.crons.search({ ...PAGE, sort }, scope);
    expect(await ledger.storage.crons.count({}, scope)).toBe(items.length);
    return items.map(({ metadata }) => metadata);
  },
  async items(scope) {
    const query = { ...PAGE, prefix: ["scopes"], conditions: [] };
    return (await ledger.storage.items.search(query, { refreshTtl: false }, scope)).map(({ value }) => value);
  },
};

const byIndex = (rows: readonly JsonObject[]) => rows.toSorted((a, b) => Number(a["index"]) - Number(b["index"]));

describe.each(Object.keys(RESOURCES))("%s", (resource) => {
  test.each(SCOPES.map((scope) => [JSON.stringify(scope), scope] as const))(
    "are narrowed by %s",
    async (_words, scope) => {
      const found = await RESOURCES[resource]!(among(scope));
      expect(byIndex(found)).toEqual(expected.filter((metadata) => isWithin({ conditions: scope }, metadata)));
    },
  );
});

test("the filters tell rows apart", () => {
  const sizes = SCOPES.map((scope) => expected.filter((metadata) => isWithin({ conditions: scope }, metadata)).length);
  expect(sizes).toEqual(expect.arrayContaining([0, 1, 2, 3, 5]));
});
