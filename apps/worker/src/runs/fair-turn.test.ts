import { asThreadId, type Log } from "@graphfleet/domain";
import { makeFairTurn } from "./fair-turn.js";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const OLD = asThreadId("bbbb0000-0000-4000-8000-000000000001");

function setUp(claimable: () => Promise<(typeof OLD)[]>) {
  const asked: unknown[][] = [];
  const processed: string[] = [];
  const fairTurn = makeFairTurn({
    runs: {
      claimable: async (...what) => {
        asked.push(what);
        return await claimable();
      },
    },
    processRing: async ({ threadId }) => void processed.push(threadId),
    log: silent,
  });
  const turns = async (count: number) => {
    for (let n = 0; n < count; n++) await fairTurn();
  };
  return { asked, processed, turns };
}

test("one turn in ten goes to who has waited longest, whatever its priority", async () => {
  const { asked, processed, turns } = setUp(async () => [OLD]);

  await turns(9);
  expect(asked).toEqual([]);
  await turns(11);

  expect(asked).toEqual([
    [60, 1, "oldest"],
    [60, 1, "oldest"],
  ]);
  expect(processed).toEqual([OLD, OLD]);
});

test("nobody who waits long, and a ledger that is away, cost nothing but the look", async () => {
  const nobody = setUp(async () => []);
  await nobody.turns(10);
  expect(nobody.processed).toEqual([]);

  const away = setUp(async () => {
    throw new Error("Postgres is away");
  });
  await away.turns(20);
  expect(away.asked).toHaveLength(2);
});
