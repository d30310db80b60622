import { type CronQuery, type Scope, WHOLE_HOUSE } from "@graphfleet/domain";
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
  return await ledger.make.cron({
    threadId: thread?.id ?? null,
    onRunCompleted: null,
    schedule: "@yearly",
    metadata: { owner: cronOf, of: "scope" },
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
