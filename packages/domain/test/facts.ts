// Things to test with. Each factory takes what the test is about; the rest is plain.
import type { Assistant } from "../src/assistants/assistant.js";
import type { Caller } from "../src/auth/caller.js";
import { ANONYMOUS } from "../src/auth/caller.js";
import { WHOLE_HOUSE } from "../src/auth/scope.js";
import type { Cron, NewCron } from "../src/crons/cron.js";
import type { GraphCatalog } from "../src/graphs/graph-catalog.js";
import { asAssistantId, asCronId, asRunId, asThreadId, type Ids } from "../src/ids.js";
import type { Run, RunSpec } from "../src/runs/run.js";
import type { RunRequest } from "../src/runs/run-request.js";
import type { TapeEntry } from "../src/runs/tape.js";
import type { Thread } from "../src/threads/thread.js";

const numbered = (kind: string, n: number) => `${kind}0000-0000-4000-8000-${String(n).padStart(12, "0")}`;

export const runId = (n: number) => asRunId(numbered("aaaa", n));
export const threadId = (n: number) => asThreadId(numbered("bbbb", n));
export const assistantId = (n: number) => asAssistantId(numbered("cccc", n));
export const cronId = (n: number) => asCronId(numbered("dddd", n));

/** Counts instead of rolling dice. Runs and threads start at 101, so that they differ from a test's own. */
export function countingIds(): Ids {
  let [assistants, threads, runs, crons] = [100, 100, 100, 100];
  return {
    assistant: () => assistantId((assistants += 1)),
    thread: () => threadId((threads += 1)),
    run: () => runId((runs += 1)),
    cron: () => cronId((crons += 1)),
  };
}

export const graphs = (...ids: readonly string[]): GraphCatalog => ({
  ids: () => ids,
  known: () => ids,
  has: (id) => ids.includes(id),
  failure: () => null,
});

export const LONG_AGO = new Date("2026-01-01T00:00:00.000Z");

export function anAssistant(facts: Partial<Assistant> = {}): Assistant {
  return {
    id: assistantId(1),
    graphId: "agent",
    name: "Untitled",
    description: null,
    config: {},
    context: {},
    metadata: {},
    version: 1,
    createdAt: LONG_AGO,
    updatedAt: LONG_AGO,
    ...facts,
  };
}

export function aThread(facts: Partial<Thread> = {}): Thread {
  return {
    id: threadId(1),
    status: "idle",
    metadata: {},
    config: {},
    context: null,
    values: null,
    interrupts: {},
    error: null,
    createdAt: LONG_AGO,
    updatedAt: LONG_AGO,
    stateUpdatedAt: null,
    ttl: null,
    ...facts,
  };
}

export function aSpec(facts: Partial<RunSpec> = {}): RunSpec {
  return {
    graphId: "agent",
    input: null,
    command: null,
    config: {},
    context: {},
    streamModes: ["values"],
    streamSubgraphs: false,
    streamResumable: false,
    interruptBefore: null,
    interruptAfter: null,
    durability: null,
    feedbackKeys: [],
    webhook: null,
    temporary: false,
    attached: false,
    ...facts,
  };
}

export function aRun(facts: Partial<Run> = {}): Run {
  return {
    id: runId(1),
    threadId: threadId(1),
    assistantId: assistantId(1),
    status: "pending",
    metadata: {},
    spec: aSpec(),
    multitaskStrategy: "enqueue",
    createdAt: LONG_AGO,
    updatedAt: LONG_AGO,
    runAfter: LONG_AGO,
    startedAt: null,
    endedAt: null,
    attempt: 0,
    fence: 0,
    cancelAction: null,
    error: null,
    tapeFrom: 0,
    checkpointId: null,
    ...facts,
  };
}

export function aRequest(facts: Partial<RunRequest> = {}): RunRequest {
  return {
    threadId: threadId(1),
    assistant: "agent",
    input: null,
    command: null,
    config: {},
    context: null,
    metadata: {},
    checkpoint: {},
    streamModes: null,
    streamSubgraphs: false,
    streamResumable: false,
    interruptBefore: null,
    interruptAfter: null,
    multitaskStrategy: "enqueue",
    ifNotExists: "reject",
    onCompletion: "delete",
    afterSeconds: 0,
    durability: null,
    feedbackKeys: [],
    webhook: null,
    langsmithTracer: null,
    attached: false,
    ...facts,
  };
}

/** Due ten seconds after long ago, and every ten seconds from then on. */
export const aCron = (facts: Partial<NewCron & Cron> = {}): NewCron & Cron => ({
  id: cronId(1),
  assistantId: assistantId(1),
  threadId: null,
  onRunCompleted: "delete",
  schedule: "*/10 * * * * *",
  timezone: null,
  endTime: null,
  enabled: true,
  nextRunAt: new Date(LONG_AGO.getTime() + 10_000),
  userId: null,
  template: {
    input: { n: 1 },
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
  metadata: {},
  owner: { caller: ANONYMOUS, scope: WHOLE_HOUSE, stamp: {} },
  createdAt: LONG_AGO,
  updatedAt: LONG_AGO,
  ...facts,
});

export const aCaller = (facts: Partial<Caller> = {}): Caller => ({ ...ANONYMOUS, ...facts });

/** An entry of run 1 on thread 1's tape. `data` defaults to the event's number. */
export function anEntry(facts: Partial<TapeEntry> & { readonly seq: number }): TapeEntry {
  const n = facts.n ?? 0;
  return { runId: runId(1), n, attempt: 1, event: "values", ns: [], at: 0, data: `${n}`, ...facts };
}
