import { ANONYMOUS, type CronQuery, randomIds, type Scope, WHOLE_HOUSE } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger?.close());

const of = (owner: string): Scope => ({ conditions: [{ key: "owner", operator: "eq", value: owner }] });

const QUERY: CronQuery = {
  limit: 10,
  offset: 0,
  metadata: { of: "scope" },
  sort: { by: "created_at", order: "asc" },
};

async function makeCron(cronOf: string, threadOf: string | null) {
  const thread = threadOf === null ? null : await ledger.make.thread({ metadata: { owner: threadOf } });
  return await ledger.storage.crons.insert({
    id: randomIds.cron(),
    assistantId: (await ledger.make.assistant()).id,
    threadId: thread?.id ?? null,
    onRunCompleted: null,
    schedule: "@yearly",
    timezone: null,
    endTime: null,
    enabled: true,
    nextRunAt: null,
    userId: null,
    template: {
      input: {},
      config: {},
      context: null,
      webhook: null,
      interruptBefore: null,
      interruptAfter: null,
      multitaskStrategy: "enqueue",
      streamModes: null,
      streamSubgraphs: false,
      streamResumable: false,
      durability: null,
    },
    metadata: { owner: cronOf, of: "scope" },
    owner: { caller: ANONYMOUS, scope: WHOLE_HOUSE, stamp: {} },
  });
}

test("a cron on a thread is seen by who sees both, and nobody else reads, changes or removes it", async () => {
  const { crons } = ledger.storage;
  const alone = await makeCron("ann", null);
  const both = await makeCron("ann", "ann");
  const hidden = [await makeCron("ann", "bob"), await makeCron("bob", "ann")];

  for (const { id } of [alone, both]) {
    expect(await crons.get(id, of("ann"))).toMatchObject({ id });
    expect(await crons.lock(id, of("ann"))).toMatchObject({ id });
  }
  for (const { id } of hidden) {
    expect(await crons.get(id, of("ann"))).toBeNull();
    expect(await crons.lock(id, of("ann"))).toBeNull();
    expect(await crons.delete(id, of("ann"))).toBe(false);
    expect(await crons.get(id, WHOLE_HOUSE)).toMatchObject({ id });
  }
  const found = await crons.search(QUERY, of("ann"));
  expect(found.items.map(({ id }) => id)).toEqual([alone.id, both.id]);
  expect(await crons.count(QUERY, of("ann"))).toBe(2);
  expect(await crons.delete(both.id, of("ann"))).toBe(true);
});
