import { asThreadId, type Log } from "@graphfleet/domain";
import { makeFairTurn } from "./fair-turn.js";
import { SuspectSeat } from "./suspect-seat.js";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const OLD = asThreadId("bbbb0000-0000-4000-8000-000000000001");

function setUp(claimable: () => Promise<(typeof OLD)[]>) {
  const asked: unknown[][] = [];
  const suspects = new SuspectSeat(3);
  const processed: string[] = [];
  const fairTurn = makeFairTurn({
    runs: {
      claimable: async (...what) => {
        asked.push(what);
        return await claimable();
      },
    },
    suspects,
    processRing: async ({ threadId }) => void processed.push(threadId),
    log: silent,
  });
  const turns = async (count: number) => {
    for (let n = 0; n < count; n++) await fairTurn();
  };
  return { asked, processed, turns, suspects };
}

test("one turn in ten goes to who has waited longest, whatever its priority", async () => {
  const { asked, processed, turns } = setUp(async () => [OLD]);

  await turns(9);
  expect(asked).toEqual([]);
  await turns(11);

  expect(asked).toEqual([
    [60, 1, "oldest", undefined],
    [60, 1, "oldest", undefined],
  ]);
  expect(processed).toEqual([OLD, OLD]);
});

test("a suspect is not looked for while another one executes", async () => {
  const { asked, turns, suspects } = setUp(async () => []);
  suspects.take();

  await turns(10);

  expect(asked).toEqual([[60, 1, "oldest", { startedBelow: 3 }]]);
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
