import type { OnlyRuns, RunRepository, ThreadId } from "@graphfleet/domain";
import { aLog, threadId } from "../../test/fakes.js";
import { startLedgerPoll } from "./ledger-poll.js";
import { Slots } from "./slots.js";
import { SuspectSeat } from "./suspect-seat.js";

/** A ledger in which runs wait that nobody rings for. Time passes when the test says so. */
function setUp({ hearsRings = true, slots = 1 } = {}) {
  const waiting: ThreadId[] = [];
  const done: ThreadId[] = [];
  const pauses: number[] = [];
  const suspects = new SuspectSeat(3);
  const asked: (OnlyRuns | undefined)[] = [];
  let trouble: Error | null = null;
  let goOn: () => void = () => {};
  const runs: Pick<RunRepository, "claimable"> = {
    async claimable(_dueSeconds, limit, _first, only) {
      asked.push(only);
      if (trouble !== null) throw trouble;
      return waiting.slice(0, limit);
    },
  };
  const poll = startLedgerPoll({
    runs,
    slots: new Slots(slots),
    suspects,
    processRing: async (ring) => {
      done.push(...waiting.splice(waiting.indexOf(ring.threadId), 1));
    },
    hearsRings: () => hearsRings,
    log: aLog().log,
    wait: (ms, signal) => {
      pauses.push(ms);
      return new Promise((resolve) => {
        goOn = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    },
  });
  const rest = () => new Promise(setImmediate);
  return {
    poll,
    waiting,
    done,
    suspects,
    asked,
    fail: (error: Error | null) => {
      trouble = error;
    },
    rest,
    /** Lets the pause end. @returns how long it was. */
    async round(): Promise<number> {
      goOn();
      const pause = pauses.at(-1) ?? NaN;
      await rest();
      return pause;
    },
  };
}

test.each([true, false])("a run that nobody rings for is found within a second; rings are heard: %s", async (heard) => {
  const { poll, waiting, done, rest, round } = setUp({ hearsRings: heard });
  await rest();
  waiting.push(threadId(1));

  expect(await round()).toBeLessThanOrEqual(1000);

  expect(done).toEqual([threadId(1)]);
  await poll.stop();
});

test("after an outage of the ledger it is little more than two", async () => {
  const { poll, waiting, done, fail, rest, round } = setUp();
  fail(new Error("away"));
  await rest();
  for (let i = 0; i < 10; i++) await round();
  fail(null);
  waiting.push(threadId(1));

  expect(await round()).toBeLessThanOrEqual(2200);

  expect(done).toEqual([threadId(1)]);
  await poll.stop();
});

test("without a free slot nobody is asked", async () => {
  const { poll, asked, rest, round } = setUp({ slots: 0 });
  await rest();
  await round();
  expect(asked).toEqual([]);
  await poll.stop();
});

test("while a suspect executes here, others are left to those who have none", async () => {
  const { poll, suspects, asked, rest, round } = setUp();
  await rest();
  const turn = suspects.take();
  await round();
  turn.leave();
  await round();

  expect(asked).toEqual([undefined, { startedBelow: 3 }, undefined]);
  await poll.stop();
});
