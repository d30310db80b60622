import {
  asDeliveryId,
  CannotDecrypt,
  type ClaimedDelivery,
  type DeliveryAttempt,
  type Ring,
  type SendResult,
  type Verdict,
} from "@graphfleet/domain";
import { aClaimedRun, aLog, FakeQueue, runId, threadId } from "../../test/fakes.js";
import { makeDeliveryProcessor } from "./delivery-processor.js";

const { spec } = aClaimedRun();

const aClaim = (facts: Partial<ClaimedDelivery> = {}): ClaimedDelivery => ({
  id: asDeliveryId("dddd0000-0000-4000-8000-000000000001"),
  runId: runId(1),
  threadId: threadId(1),
  url: "https://user:word@hooks.example.net/secret-path?token=x",
  fence: 3,
  attempt: 1,
  claims: 1,
  ended: {
    run_id: runId(1),
    thread_id: threadId(1),
    assistant_id: "a-1",
    status: "success",
    metadata: {},
    multitask_strategy: "enqueue",
    spec,
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    started_at: null,
    ended_at: "2026-01-01T00:00:00Z",
    error: null,
    values: null,
  },
  ...facts,
});

const OK: SendResult = { kind: "answered", status: 200, retryAfterSeconds: null };
const DOWN: SendResult = { kind: "answered", status: 503, retryAfterSeconds: null };

function setUp({ isOurs = true } = {}) {
  const finished: { attempt: DeliveryAttempt; verdict: Verdict }[] = [];
  const givenBack: string[] = [];
  const rings: Ring[] = [];
  const outcomes: string[] = [];
  const lines: string[] = [];
  const { log, sentences } = aLog();
  const note = (fields: object, message: string) => void lines.push(JSON.stringify(fields) + message);
  const queue = new FakeQueue([]);
  let sent = 0;
  const stopping = new AbortController();
  const processWith = (send: (signal: AbortSignal) => Promise<SendResult>, claim = aClaim()) =>
    makeDeliveryProcessor({
      deliveries: {
        finish: async (_claim, attempt, verdict) => {
          finished.push({ attempt, verdict });
          return isOurs;
        },
        giveBack: async ({ id }) => void givenBack.push(id),
      },
      send: async (_claim, signal) => {
        sent += 1;
        return await send(signal);
      },
      webhooks: {
        ring: async (some) => {
          await queue.ring(some);
          rings.push(...some);
        },
      },
      maxAttempts: 3,
      observer: { tried: (outcome) => void outcomes.push(outcome) },
      log: { ...log, info: note, warn: (fields, message) => (note(fields, message), log.warn(fields, message)) },
    })(claim, stopping.signal);
  return { finished, givenBack, rings, outcomes, lines, sentences, queue, stopping, processWith, sent: () => sent };
}

test("an answer is written down, with how long it took", async () => {
  const { processWith, finished, outcomes, rings } = setUp();
  await processWith(async () => OK);
  expect(finished).toEqual([
    {
      attempt: { at: expect.any(String), duration_ms: expect.any(Number), response_status: 200, error: null },
      verdict: { kind: "delivered", reason: null },
    },
  ]);
  expect([outcomes, rings]).toEqual([["delivered"], []]);
});

test("a try that is made again is rung for, when it is due", async () => {
  const { processWith, finished, outcomes, rings } = setUp();
  await processWith(async () => DOWN);
  const { verdict } = finished[0]!;
  expect(verdict).toMatchObject({ kind: "retry", reason: "answered 503" });
  expect(rings).toEqual([
    { runId: runId(1), threadId: threadId(1), fence: 3, delayMs: verdict.kind === "retry" ? verdict.delayMs : null },
  ]);
  expect(outcomes).toEqual(["retry"]);
});

test("a ring that gets lost changes nothing", async () => {
  const { processWith, queue, finished, sentences } = setUp();
  queue.isAway = true;
  await processWith(async () => DOWN);
  expect(finished).toHaveLength(1);
  expect(sentences).toContain("a ring got lost; the webhook sweep will repeat it");
});

test("the last try is the end, and the log says so without telling the URL", async () => {
  const { processWith, outcomes, lines } = setUp();
  await processWith(async () => DOWN, aClaim({ attempt: 3, claims: 3 }));
  expect(outcomes).toEqual(["failed"]);
  expect(lines.join()).toContain("hooks.example.net");
  expect(lines.join()).not.toMatch(/secret-path|token|word/);
});

test("what comes too late is void, and rings for nobody", async () => {
  const { processWith, outcomes, rings } = setUp({ isOurs: false });
  await processWith(async () => DOWN);
  expect([outcomes, rings]).toEqual([["lost"], []]);
});

test("a worker that stops gives it back, and the try does not count", async () => {
  const { processWith, givenBack, finished, outcomes, stopping } = setUp();
  const hanging = (signal: AbortSignal) =>
    new Promise<SendResult>((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason as Error)),
    );
  const processed = processWith(hanging);
  stopping.abort(new Error("stop"));
  await processed;
  expect([givenBack, finished, outcomes]).toEqual([[aClaim().id], [], ["given_back"]]);
});

test("a delivery that its workers died of is given up, without another try", async () => {
  const { processWith, finished, sent } = setUp();
  await processWith(async () => OK, aClaim({ attempt: 2, claims: 12 }));
  expect(sent()).toBe(0);
  expect(finished[0]!.verdict).toEqual({ kind: "failed", reason: "was not asked: its workers died" });

  await processWith(async () => OK, aClaim({ attempt: 2, claims: 11 }));
  expect(sent()).toBe(1);
});

test("one that cannot be read is asked of nobody, and is tried again: the key may come back", async () => {
  const unreadable = new CannotDecrypt("A run cannot be decrypted: no key");
  const { processWith, finished, rings, outcomes, sentences, sent } = setUp();
  await processWith(async () => OK, aClaim({ unreadable }));
  await processWith(async () => OK, aClaim({ unreadable, attempt: 3, claims: 3 }));

  expect(sent()).toBe(0);
  const reason = "was not asked: A run cannot be decrypted: no key";
  expect(finished.map(({ verdict }) => verdict)).toMatchObject([
    { kind: "retry", reason },
    { kind: "failed", reason },
  ]);
  expect(finished[0]!.attempt).toMatchObject({ response_status: null, error: reason });
  expect([outcomes, rings.length]).toEqual([["retry", "failed"], 1]);
  expect(sentences).toContain("what a webhook is to tell cannot be read");
});
