import type { HistoryEvent, NewEvent } from "../history.js";
import { check } from "./check.js";
import { excusedGaps } from "./check-streams.js";
import type { Facts, RunFact, ThreadFact } from "./facts.js";

const run = (fact: Partial<RunFact> = {}): RunFact => ({
  run: "r1",
  thread: "t1",
  seq: 1,
  status: "success",
  attempt: 1,
  leased: false,
  createdAt: 1_000,
  startedAt: 2_000,
  endedAt: 3_000,
  mark: "a",
  steps: 2,
  cron: null,
  ...fact,
});
const second = (fact: Partial<RunFact> = {}): RunFact =>
  run({ run: "r2", seq: 2, mark: "b", steps: 1, startedAt: 3_000, endedAt: 4_000, ...fact });
const thread = (fact: Partial<ThreadFact> = {}): ThreadFact => ({
  thread: "t1",
  status: "idle",
  log: ["a", "step 0", "step 1"],
  ...fact,
});
const facts = (fact: Partial<Facts> = {}): Facts => ({
  runs: [run()],
  threads: [thread()],
  firings: [],
  immortalTapes: [],
  connections: { before: 10, after: 9 },
  ...fact,
});

const AT: Partial<Record<NewEvent["kind"], number>> = { fault: 2_000, trouble: 2_100, stateless: 2_200 };
const happened = (...events: NewEvent[]): HistoryEvent[] =>
  events.map((event, at) => ({ at: AT[event.kind] ?? at, ...event }) as HistoryEvent);
const acknowledged = (fact: Partial<Extract<NewEvent, { kind: "acknowledged" }>> = {}): NewEvent => ({
  kind: "acknowledged",
  run: "r1",
  thread: "t1",
  mark: "a",
  steps: 2,
  strategy: "enqueue",
  spared: true,
  ...fact,
});
const streamed = (fact: Partial<Extract<NewEvent, { kind: "streamed" }>> = {}): NewEvent => ({
  kind: "streamed",
  run: "r1",
  ids: [0, 1, 4],
  steps: ["step 0", "step 1"],
  connections: 2,
  ended: true,
  durability: "sync",
  heaviest: 0,
  heavy: 0,
  ...fact,
});
const fault = (name: string): NewEvent => ({ kind: "fault", name, until: 2_500, victim: "" });
const stateless = (fact: Partial<Extract<NewEvent, { kind: "stateless" }>> = {}): NewEvent => ({
  kind: "stateless",
  run: "r9",
  mark: "a",
  steps: 1,
  since: 0,
  log: ["a", "step 0"],
  ...fact,
});
const hooked: NewEvent = { kind: "hooked", run: "r1" };
const delivered = (status = "success"): NewEvent => ({ kind: "delivered", run: "r1", status });
/** Fires at 2000, 3000 and 4000, and perhaps at its ends. */
const cron: NewEvent = { kind: "cron", cron: "c1", everyMs: 1000, from: 900, until: 5100 };
const firings = (...moments: number[]): Partial<Facts> => ({
  firings: moments.map((at, i) => ({ cron: "c1", at, run: `c${i}` })),
  runs: moments.map((at, i) =>
    run({ run: `c${i}`, thread: `t${i}`, cron: "c1", mark: null, steps: 0, startedAt: at, endedAt: at + 10 }),
  ),
  threads: moments.map((_, i) => thread({ thread: `t${i}`, log: [] })),
});

const trouble = (what: string): NewEvent => ({ kind: "trouble", what, reason: "ECONNREFUSED" });

const rules = (history: readonly HistoryEvent[], found: Facts): string[] => [
  ...new Set(check(history, found).map(({ rule }) => rule.split(" ")[0] ?? "")),
];

describe("a history in which nothing went wrong", () => {
  const two = facts({
    runs: [run(), second()],
    threads: [thread({ log: ["a", "step 0", "step 1", "b", "step 2"] })],
  });

  test.each<[string, HistoryEvent[], Facts]>([
    ["one run", happened(acknowledged()), facts()],
    ["two runs in order", happened(acknowledged(), acknowledged({ run: "r2", mark: "b" })), two],
    ["a run nobody was told of", happened({ kind: "unsure", thread: "t1", mark: "a", reason: "500" }), facts()],
    [
      "a run that was rolled back",
      happened(acknowledged({ spared: false })),
      facts({ runs: [], threads: [thread({ log: null })] }),
    ],
    [
      "a run that was interrupted half way",
      happened(acknowledged({ spared: false }), { kind: "cancelled", run: "r1", status: "interrupted" }),
      facts({ runs: [run({ status: "interrupted" })], threads: [thread({ log: ["a", "step 0"] })] }),
    ],
    ["a whole stream", happened(acknowledged(), streamed()), facts()],
    ["an answer", happened({ kind: "answered", run: "r1", mark: "a", log: ["a", "step 0", "step 1"] }), facts()],
    [
      "the step in flight, made again by the next attempt",
      happened(streamed({ steps: ["step 0", "step 0", "step 1"] })),
      facts({ runs: [run({ attempt: 2 })] }),
    ],
    [
      "a step whose checkpoint was on its way, made again like the one in flight",
      happened(streamed({ durability: "async", steps: ["step 0", "step 1", "step 0", "step 1"] })),
      facts({ runs: [run({ attempt: 2 })] }),
    ],
    ["a webhook, told twice", happened(hooked, delivered(), delivered()), facts()],
    ["a cron", happened(cron), facts(firings(1000, 2000, 3000, 4000))],
    ["a cron that had no ledger", happened(cron, fault("postgres restart")), facts(firings(2000, 4000))],
    ["a stateless answer", happened(stateless()), facts()],
    [
      "a stateless answer that Redis lost",
      happened(stateless({ log: null, since: 0 }), fault("redis restart")),
      facts(),
    ],
    ["a stream that goes on elsewhere", happened(fault("roll apis"), trouble("stream")), facts()],
    ["a gap while Redis was away", happened(streamed({ steps: ["step 1"] }), fault("redis restart")), facts()],
  ])("%s: no complaint", (_name, history, found) => {
    expect(check(history, found)).toEqual([]);
  });

  test("a gap that is excused is still counted", () => {
    expect(excusedGaps(happened(streamed({ steps: ["step 1"] }), fault("redis restart")), facts())).toBe(1);
    expect(excusedGaps(happened(streamed(), fault("redis restart")), facts())).toBe(0);
  });
});

describe("a history in which something went wrong", () => {
  const none: HistoryEvent[] = [];

  test.each<[string, string, HistoryEvent[], Facts]>([
    ["I1", "an acknowledged run is gone", happened(acknowledged()), facts({ runs: [], threads: [] })],
    [
      "I1",
      "a run that nobody cancelled was interrupted",
      happened(acknowledged()),
      facts({ runs: [run({ status: "interrupted" })] }),
    ],
    [
      "I1",
      "a run failed that could not fail by itself",
      happened(acknowledged({ spared: false })),
      facts({ runs: [run({ status: "error" })], threads: [thread({ status: "error" })] }),
    ],
    ["I2", "a run is over without an end", none, facts({ runs: [run({ endedAt: null })] })],
    [
      "I3",
      "two runs of a thread overlap",
      none,
      facts({
        runs: [run(), second({ startedAt: 2_900 })],
        threads: [thread({ log: ["a", "step 0", "step 1", "b", "step 2"] })],
      }),
    ],
    ["I10", "an input was applied twice", none, facts({ threads: [thread({ log: ["a", "a", "step 0", "step 1"] })] })],
    ["I10", "a step was saved twice", none, facts({ threads: [thread({ log: ["a", "step 0", "step 0"] })] })],
    ["I10", "a step is missing", none, facts({ threads: [thread({ log: ["a", "step 0"] })] })],
    [
      "I10",
      "inputs are in the wrong order",
      none,
      facts({
        runs: [run({ steps: 1 }), second()],
        threads: [thread({ log: ["b", "step 0", "a", "step 1"] })],
      }),
    ],
    ["I5", "a thread at rest is busy", none, facts({ threads: [thread({ status: "busy" })] })],
    ["I6", "ids repeat after a reconnect", happened(streamed({ ids: [0, 1, 1, 2] })), facts()],
    ["I6", "a step came again in one attempt", happened(streamed({ steps: ["step 0", "step 0", "step 1"] })), facts()],
    [
      "I6",
      "more than the step in flight came again",
      happened(streamed({ steps: ["step 0", "step 1", "step 0", "step 1"] })),
      facts({ runs: [run({ attempt: 2 })] }),
    ],
    ["I6", "a stream did not end", happened(streamed({ ended: false })), facts()],
    ["I6", "an event is missing and Redis was there", happened(streamed({ steps: ["step 1"] })), facts()],
    [
      "I6",
      "an event is missing and only a worker died",
      happened(streamed({ steps: ["step 1"] }), fault("kill worker")),
      facts(),
    ],
    ["I6", "a large event did not come whole", happened(streamed({ heavy: 1000, heaviest: 999 })), facts()],
    ["stateless", "an answer has a step twice", happened(stateless({ log: ["a", "step 0", "step 0"] })), facts()],
    ["stateless", "an answer is missing", happened(stateless({ log: null })), facts()],
    ["a", "a request failed during a deploy", happened(fault("roll apis"), trouble("POST /threads")), facts()],
    ["I8", "a tape would stay for ever", none, facts({ immortalTapes: ["chaos:tape:1"] })],
    ["I8", "connections leaked", none, facts({ connections: { before: 10, after: 11 } })],
    [
      "I9",
      "an enqueued run overtook another",
      happened(acknowledged({ run: "r2", mark: "b" }), acknowledged()),
      facts({
        runs: [run(), second()],
        threads: [thread({ log: ["a", "step 0", "step 1", "b", "step 2"] })],
      }),
    ],
    ["I7", "nobody was told", happened(hooked), facts()],
    ["I7", "somebody was told something else", happened(hooked, delivered("error")), facts()],
    ["I7", "a moment is missing", happened(cron), facts(firings(2000, 4000))],
    ["I7", "a moment came twice", happened(cron), facts(firings(2000, 3000, 3000, 4000))],
    ["I7", "a firing has no run", happened(cron), facts({ ...firings(2000, 3000, 4000), runs: [], threads: [] })],
    ["cancel", "a cancel lied", happened({ kind: "cancelled", run: "r1", status: "running" }), facts()],
    ["waiters", "an answer is not the state", happened({ kind: "answered", run: "r1", mark: "a", log: null }), facts()],
  ])("%s: %s", (rule, _name, history, found) => {
    expect(rules(history, found)).toContain(rule);
  });

  test("a run that is still pending breaks more than one rule", () => {
    const stuck = facts({ runs: [run({ status: "pending", endedAt: null })] });
    expect(rules(happened(acknowledged()), stuck)).toEqual(["I1", "I5", "I8"]);
  });
});
