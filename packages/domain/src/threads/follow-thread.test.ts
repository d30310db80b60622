import { anEntry, runId, threadId } from "../../test/facts.js";
import { asBus, fakeLedger, FakeTapes } from "../../test/fakes.js";
import { allowAll } from "../auth/authorizer.js";
import { ANONYMOUS } from "../auth/caller.js";
import { type Scope, WHOLE_HOUSE } from "../auth/scope.js";
import { END, OPEN } from "../runs/tape.js";
import { makeFollowThread, type ThreadNews } from "./follow-thread.js";

const THREAD = threadId(1);
const endOf = (seq: number, run = 1, status = "success") =>
  anEntry({ seq, runId: runId(run), n: -1, event: END, data: JSON.stringify({ status }) });

function setUp(scope: Scope = WHOLE_HOUSE) {
  const ledger = fakeLedger();
  ledger.addThread({ streamSeq: 7, metadata: { owner: "ann" } });
  const tapes = new FakeTapes();
  const follow = makeFollowThread({ storage: ledger, authorizer: allowAll, bus: asBus(tapes) });
  const stop = new AbortController();
  const news: ThreadNews[] = [];
  const reading = (async () => {
    for await (const item of follow.followThread(THREAD, { after: -1, scope, signal: stop.signal })) news.push(item);
  })();
  const told = () =>
    news.map((item) =>
      item.kind === "event" ? item.entry.event : `${item.runId === runId(1) ? 1 : 2} ${item.status}`,
    );
  const numbers = () => news.map(({ seq }) => seq);
  return { ledger, tapes, follow, stop, reading, told, numbers };
}

test("begins at the run in flight, at the beginning, or behind a number", async () => {
  const { follow, stop } = setUp();
  stop.abort();

  expect(await follow.threadReadingPoint(THREAD, null, ANONYMOUS)).toEqual({ after: 7, scope: WHOLE_HOUSE });
  expect(await follow.threadReadingPoint(THREAD, -1, ANONYMOUS)).toEqual({ after: -1, scope: WHOLE_HOUSE });
  expect(await follow.threadReadingPoint(THREAD, 3, ANONYMOUS)).toEqual({ after: 3, scope: WHOLE_HOUSE });
  await expect(follow.threadReadingPoint(threadId(9), null, ANONYMOUS)).rejects.toMatchObject({
    code: "thread_not_found",
  });
});

test("tells of run after run, and of what happens between them", async () => {
  const { tapes, stop, reading, told } = setUp();
  tapes.add(THREAD, anEntry({ seq: 1, event: OPEN, n: -1 }), anEntry({ seq: 2 }), endOf(3));
  await tapes.announce(THREAD, { seq: 4, event: "state_update", data: "{}" });
  tapes.add(THREAD, anEntry({ seq: 5, runId: runId(2), event: "updates" }), endOf(6, 2, "error"));

  await tapes.waiting();
  stop.abort();
  await reading;

  expect(told()).toEqual(["values", "1 success", "state_update", "updates", "2 error"]);
});

test("the ledger tells the end of a run that the tape does not know, once", async () => {
  const { ledger, tapes, stop, reading, told, numbers } = setUp();
  ledger.addRun({ status: "running" });
  tapes.add(THREAD, anEntry({ seq: 1, event: OPEN, n: -1 }), anEntry({ seq: 2 }));
  await tapes.waiting();
  tapes.idle();
  await tapes.waiting();
  expect(told()).toEqual(["values"]);

  ledger.addRun({ status: "error" });
  await tapes.poke(THREAD);
  await tapes.waiting();
  expect(told()).toEqual(["values"]);
  tapes.idle();
  await tapes.waiting();
  tapes.add(THREAD, endOf(3, 1, "error"));
  await tapes.waiting();
  stop.abort();
  await reading;

  expect(told()).toEqual(["values", "1 error"]);
  expect(numbers()).toEqual([2, 3]);
});

test("a last page that comes a moment after the ledger knew keeps its place", async () => {
  const { ledger, tapes, stop, reading, told, numbers } = setUp();
  ledger.addRun({ status: "running" });
  tapes.add(THREAD, anEntry({ seq: 1, event: OPEN, n: -1 }), anEntry({ seq: 2 }));
  await tapes.waiting();

  ledger.addRun({ status: "success" });
  tapes.idle();
  await tapes.waiting();
  tapes.add(THREAD, anEntry({ seq: 3 }), endOf(4));
  await tapes.waiting();
  stop.abort();
  await reading;

  expect(told()).toEqual(["values", "values", "1 success"]);
  expect(numbers()).toEqual([2, 3, 4]);
});

test("ends with its thread", async () => {
  const { ledger, tapes, reading } = setUp();
  await tapes.waiting();
  ledger.rows.threads.clear();

  await tapes.poke(THREAD);

  await expect(reading).resolves.toBeUndefined();
});

test("ends for a reader whose thread became somebody else's", async () => {
  const { ledger, tapes, reading, told } = setUp({ conditions: [{ key: "owner", operator: "eq", value: "ann" }] });
  tapes.add(THREAD, anEntry({ seq: 1 }));
  await tapes.waiting();

  ledger.addThread({ metadata: { owner: "bob" } });
  tapes.idle();
  await reading;
  tapes.add(THREAD, anEntry({ seq: 2 }));

  expect(told()).toEqual(["values"]);
});
