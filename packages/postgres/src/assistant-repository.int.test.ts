import {
  type AssistantQuery,
  type SystemAssistant,
  WHOLE_HOUSE,
  randomIds,
  systemAssistantId,
} from "@graphfleet/domain";
import { type TestLedger, openLedger } from "@graphfleet/testkit";

const QUERY: AssistantQuery = { limit: 10, offset: 0, sort: { by: "created_at", order: "desc" } };
const PAGE = { limit: 10, offset: 0 };

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());

const assistants = () => ledger.storage.assistants;

describe("versions", () => {
  test("a new assistant is at version 1, and its id is taken", async () => {
    const made = await ledger.make.assistant({ name: "A", config: { tags: ["t"] }, context: null, metadata: { m: 1 } });
    expect(made).toMatchObject({ version: 1, name: "A", config: { tags: ["t"] }, context: null, metadata: { m: 1 } });
    expect(await assistants().get(made.id, WHOLE_HOUSE)).toEqual(made);
    expect(await assistants().insert(made)).toBeNull();
    expect(await assistants().versions(made.id, PAGE, WHOLE_HOUSE)).toHaveLength(1);
  });

  test("an update is numbered after the highest version; metadata is merged, the rest replaced", async () => {
    const { id } = await ledger.make.assistant({
      config: { a: 1 },
      metadata: { m: 1, deep: { x: 1 } },
      description: "d",
    });
    const second = await assistants().update(id, { config: { b: 2 }, metadata: { deep: { y: 2 } } }, WHOLE_HOUSE);
    expect(second).toMatchObject({
      version: 2,
      config: { b: 2 },
      metadata: { m: 1, deep: { y: 2 } },
      description: "d",
    });

    expect(await assistants().setLatest(id, 1, WHOLE_HOUSE)).toMatchObject({ version: 1, config: { a: 1 } });
    const third = await assistants().update(id, { description: null }, WHOLE_HOUSE);
    expect(third).toMatchObject({ version: 3, config: { a: 1 }, description: null });

    const versions = await assistants().versions(id, PAGE, WHOLE_HOUSE);
    expect(versions.map(({ version }) => version)).toEqual([3, 2, 1]);
    expect(versions[1]).toMatchObject({ config: { b: 2 }, description: "d" });
    expect(await assistants().versions(id, { ...PAGE, metadata: { deep: { y: 2 } } }, WHOLE_HOUSE)).toHaveLength(1);
    expect(await assistants().versions(id, { limit: 1, offset: 1 }, WHOLE_HOUSE)).toMatchObject([{ version: 2 }]);
  });

  test("an empty update makes a version, too; concurrent updates make one each", async () => {
    const { id } = await ledger.make.assistant();
    await Promise.all(Array.from({ length: 8 }, () => assistants().update(id, {}, WHOLE_HOUSE)));
    const versions = await assistants().versions(id, PAGE, WHOLE_HOUSE);
    expect(versions.map(({ version }) => version)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test("setLatest tells what is missing", async () => {
    const { id } = await ledger.make.assistant();
    expect(await assistants().setLatest(id, 7, WHOLE_HOUSE)).toBe("no_version");
    expect(await assistants().setLatest(randomIds.assistant(), 1, WHOLE_HOUSE)).toBe("no_assistant");
    expect(await assistants().update(randomIds.assistant(), {}, WHOLE_HOUSE)).toBeNull();
  });

  test("delete takes runs that are over along, and lets the others end", async () => {
    const { id } = await ledger.make.assistant();
    const [over, waiting] = [await ledger.make.run({ assistantId: id }), await ledger.make.run({ assistantId: id })];
    await ledger.storage.runs.requestCancel([over.id], "interrupt");

    await assistants().delete(id, WHOLE_HOUSE);

    expect(await ledger.storage.runs.find(over.id)).toBeNull();
    expect(await ledger.storage.runs.find(waiting.id)).toMatchObject({ status: "pending" });
  });

  test("delete removes versions and crons", async () => {
    const { id } = await ledger.make.assistant();
    await ledger.pool.query(
      `INSERT INTO crons (cron_id, assistant_id, schedule, payload, auth, metadata)
       VALUES ($1, $2, '* * * * *', '{}', '{}', '{}')`,
      [randomIds.thread(), id],
    );
    expect(await assistants().delete(id, WHOLE_HOUSE)).toBe(true);
    expect(await assistants().delete(id, WHOLE_HOUSE)).toBe(false);
    expect(await assistants().versions(id, PAGE, WHOLE_HOUSE)).toEqual([]);
    expect((await ledger.pool.query("SELECT FROM crons WHERE assistant_id = $1", [id])).rowCount).toBe(0);
  });
});

describe("search", () => {
  test("filters, sorts, pages and counts, within the scope", async () => {
    const names = ["Beta 100%", "alpha_1", "Gamma"];
    for (const [n, name] of names.entries()) {
      await ledger.make.assistant({
        name,
        graphId: `g${n % 2}`,
        metadata: { suite: "search", owner: n < 2 ? "ann" : "bob" },
      });
    }
    const metadata = { suite: "search" };
    const found = async (query: Partial<AssistantQuery>) =>
      (await assistants().search({ ...QUERY, metadata, ...query }, WHOLE_HOUSE)).items.map(({ name }) => name);

    expect(await found({})).toEqual(names.toReversed());
    expect(await found({ sort: { by: "name", order: "asc" } })).toHaveLength(3);
    expect(await found({ sort: { by: "graph_id", order: "desc" }, limit: 1 })).toEqual(["alpha_1"]);
    expect(await found({ name: "ALPHA" })).toEqual(["alpha_1"]);
    expect(await found({ name: "%" })).toEqual(["Beta 100%"]);
    expect(await found({ name: "_" })).toEqual(["alpha_1"]);
    expect(await found({ graphId: "g0" })).toEqual(["Gamma", "Beta 100%"]);

    const ann = { conditions: [{ key: "owner", operator: "eq", value: "ann" }] } as const;
    const page = await assistants().search({ ...QUERY, metadata, limit: 1 }, ann);
    expect(page).toMatchObject({ items: [{ name: "alpha_1" }], total: 2 });
    expect(await assistants().count({ metadata }, ann)).toBe(2);
    const { id } = page.items[0]!;
    const bob = { conditions: [{ key: "owner", operator: "eq", value: "bob" }] } as const;
    expect(await assistants().get(id, bob)).toBeNull();
    expect(await assistants().update(id, {}, bob)).toBeNull();
    expect(await assistants().setLatest(id, 1, bob)).toBe("no_assistant");
    expect(await assistants().versions(id, PAGE, bob)).toEqual([]);
    expect(await assistants().delete(id, bob)).toBe(false);
  });
});

describe("system assistants", () => {
  const system = (graphId: string, config = {}): SystemAssistant => ({
    id: systemAssistantId(graphId),
    graphId,
    description: null,
    config,
    context: {},
  });
  const history = async ({ id }: SystemAssistant) =>
    (await assistants().versions(id, PAGE, WHOLE_HOUSE)).map(({ config }) => config);

  test("eight starters make each assistant once", async () => {
    const all = ["one", "two", "three"].map((graphId) => system(graphId));
    await Promise.all(Array.from({ length: 8 }, () => assistants().syncSystem(all)));
    for (const one of all) {
      expect(await assistants().get(one.id, WHOLE_HOUSE)).toMatchObject({
        version: 1,
        name: one.graphId,
        metadata: { created_by: "system" },
      });
      expect(await history(one)).toHaveLength(1);
    }
  });

  test("changed settings become one new version, however many starters see them", async () => {
    await assistants().syncSystem([system("changing")]);
    const changed = system("changing", { recursion_limit: 7 });
    await Promise.all(Array.from({ length: 8 }, () => assistants().syncSystem([changed])));
    expect(await history(changed)).toEqual([{ recursion_limit: 7 }, {}]);
  });

  test("a user's edit survives a restart", async () => {
    const edited = system("edited");
    await assistants().syncSystem([edited]);
    await assistants().update(edited.id, { config: { mine: true } }, WHOLE_HOUSE);
    await assistants().syncSystem([edited]);
    expect(await assistants().get(edited.id, WHOLE_HOUSE)).toMatchObject({ version: 2, config: { mine: true } });
  });
});
