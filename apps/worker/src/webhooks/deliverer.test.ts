import type { ClaimedDelivery, DeliveryRepository, Ring, RingConsumer, RunId, SendResult } from "@graphfleet/domain";
import { aLog, FakeQueue, ring, runId, threadId } from "../../test/fakes.js";
import { startDeliverer } from "./deliverer.js";

const OK: SendResult = { kind: "answered", status: 200, retryAfterSeconds: null };

/** A ledger with some deliveries that are due, and a receiver that answers when it is told to. */
function setUp({ due = [] as number[], concurrency = 2, isHeard = true } = {}) {
  const waiting = new Set<RunId>(due.map(runId));
  const sending: { runId: RunId; answer: () => void }[] = [];
  const arrivals: (() => void)[] = [];
  const finished: RunId[] = [];
  const givenBack: RunId[] = [];
  const asked: object[] = [];
  const { log, sentences } = aLog();
  let hear: (one: Ring) => Promise<void> = async () => {};
  const handling = new Set<Promise<void>>();
  const runOf = new Map<string, RunId>();
  let isAway = false;

  const deliveries: Pick<DeliveryRepository, "claim" | "finish" | "giveBack"> = {
    claim: async (which) => {
      if (isAway) throw new Error("Postgres is away");
      if (!("runId" in which)) asked.push(which);
      const id = "runId" in which ? which.runId : [...waiting][0];
      if (id === undefined || !waiting.delete(id)) return null;
      runOf.set(id, id);
      // What is sent is none of this test's business.
      return {
        id,
        runId: id,
        threadId: threadId(1),
        url: "/",
        fence: 1,
        attempt: 1,
        claims: 1,
      } as unknown as ClaimedDelivery;
    },
    finish: async ({ id }) => {
      finished.push(runOf.get(id)!);
      return true;
    },
    giveBack: async ({ id }) => void givenBack.push(runOf.get(id)!),
  };
  const deliverer = startDeliverer({
    deliveries,
    send: (claim, signal) =>
      new Promise((resolve, reject) => {
        sending.push({ runId: claim.runId, answer: () => resolve(OK) });
        signal.addEventListener("abort", () => reject(signal.reason as Error));
        for (const tell of arrivals.splice(0)) tell();
      }),
    webhooks: new FakeQueue([]),
    consume: ({ handle }): RingConsumer => {
      hear = handle;
      return { close: async () => void (await Promise.all(handling)) };
    },
    hearsRings: () => isHeard,
    observer: { tried: () => {} },
    log,
    options: { concurrency, maxAttempts: 3, timeoutSeconds: 10, pollMs: 1 },
  });
  return {
    deliverer,
    waiting,
    sending,
    finished,
    givenBack,
    asked,
    sentences,
    setAway: (value: boolean) => (isAway = value),
    ringFor(n: number) {
      const handled = hear(ring(n)).finally(() => handling.delete(handled));
      handling.add(handled);
      return handled;
    },
    /** Resolves when so many have been sent. */
    async sent(count: number) {
      while (sending.length < count) await new Promise<void>((resolve) => arrivals.push(resolve));
    },
  };
}

test("delivers what it is rung for, and nothing when there is nothing", async () => {
  const { deliverer, waiting, ringFor, sent, sending, finished } = setUp();
  await ringFor(7);
  waiting.add(runId(1));
  const handled = ringFor(1);
  await sent(1);
  expect(deliverer.active()).toBe(1);
  sending[0]!.answer();
  await handled;
  expect(finished).toEqual([runId(1)]);
  await deliverer.drain(1000);
});

test("finds what nobody rang for, no more at once than it may; each that ends makes room", async () => {
  const { deliverer, sent, sending, finished } = setUp({ due: [1, 2, 3, 4] });
  await sent(2);
  expect(deliverer.active()).toBe(2);
  expect(sending).toHaveLength(2);
  sending[0]!.answer();
  await sent(3);
  expect(deliverer.active()).toBe(2);
  sending[1]!.answer();
  sending[2]!.answer();
  await sent(4);
  sending[3]!.answer();
  await deliverer.drain(1000);
  expect(finished.toSorted()).toEqual([1, 2, 3, 4].map(runId));
});

test.each([
  { isHeard: true, dueSeconds: 2 },
  { isHeard: false, dueSeconds: 0 },
])("looks for those that have been due for $dueSeconds s when rings are heard: $isHeard", async (given) => {
  const { deliverer, asked } = setUp(given);
  await deliverer.drain(1000);
  expect(asked[0]).toEqual({ dueSeconds: given.dueSeconds });
});

test("goes on when the ledger was away", async () => {
  const { deliverer, setAway, waiting, sent, sending, finished } = setUp();
  setAway(true);
  waiting.add(runId(1));
  setAway(false);
  await sent(1);
  sending[0]!.answer();
  await deliverer.drain(1000);
  expect(finished).toEqual([runId(1)]);
  expect(deliverer.active()).toBe(0);
});

test("a worker that stops lets them finish for a while, then gives them back and takes no more", async () => {
  const { deliverer, waiting, ringFor, sent, sending, finished, givenBack } = setUp({ due: [1, 2] });
  await sent(2);
  sending[0]!.answer();
  waiting.add(runId(3));
  const drained = deliverer.drain(20);
  await ringFor(3);
  await drained;
  expect(finished).toEqual([sending[0]!.runId]);
  expect(givenBack).toEqual([sending[1]!.runId]);
  expect(waiting.has(runId(3))).toBe(true);
});
