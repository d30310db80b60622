import { type Claim, claimOf, WHOLE_HOUSE } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";
import { Heartbeat } from "./heartbeat.js";

const LEASE = { owner: "w-1", seconds: 15 };
const ROUNDS = 7;

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());

const claimed = async (): Promise<Claim> => {
  const run = await ledger.make.run();
  const claim = await ledger.storage.runs.claim(run, LEASE);
  return claimOf(claim!);
};

test("the last words of a blocked process: late runs end as timeouts, the others wait again with no attempt spent", async () => {
  const { runs, threads } = ledger.storage;
  const killed: string[] = [];
  const heartbeat = new Heartbeat({ runs, lease: LEASE, hear: () => {}, kill: (why) => killed.push(why) });
  const [late, other, taken] = [await claimed(), await claimed(), await claimed()];
  heartbeat.tell({ kind: "hold", claim: late, lastEvent: 3, timeoutMs: 0 });
  heartbeat.tell({ kind: "hold", claim: other, lastEvent: 5, timeoutMs: 60_000 });
  // Somebody else owns this one by now: its end is not ours to write.
  heartbeat.tell({ kind: "hold", claim: { ...taken, fence: taken.fence - 1 }, lastEvent: 1, timeoutMs: 0 });

  for (let round = 0; round < ROUNDS; round++) await heartbeat.watch();
  heartbeat.stop();

  expect(killed).toHaveLength(1);
  expect(await runs.find(late.runId)).toMatchObject({
    status: "timeout",
    attempt: 1,
    error: { error: "TimeoutError" },
  });
  expect(await threads.get(late.threadId, WHOLE_HOUSE)).toMatchObject({ status: "error" });
  expect(await runs.find(other.runId)).toMatchObject({ status: "pending", attempt: 0 });
  expect(await runs.find(taken.runId)).toMatchObject({ status: "running", attempt: 1 });
  const again = await runs.claim({ threadId: other.threadId }, LEASE);
  expect(again).toMatchObject({ id: other.runId, attempt: 1, fence: 2, lastEvent: 5 });
});
