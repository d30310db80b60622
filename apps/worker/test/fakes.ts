// The workshop's surroundings in memory. They write down what happened, in order, so that tests can read it.
import {
  asAssistantId,
  asRunId,
  asThreadId,
  type ClaimedRun,
  type GraphFinish,
  type Log,
  type Ring,
  type RunEnd,
  type RunQueue,
  type TapeEvent,
  type TapeWriter,
} from "@graphfleet/domain";

const LONG_AGO = new Date("2026-01-01T00:00:00.000Z");

export const runId = (n: number) => asRunId(`aaaa0000-0000-4000-8000-${String(n).padStart(12, "0")}`);
export const threadId = (n: number) => asThreadId(`bbbb0000-0000-4000-8000-${String(n).padStart(12, "0")}`);

export const ring = (n: number): Ring => ({ runId: runId(n), threadId: threadId(1), fence: 0 });

type Facts = Partial<Omit<ClaimedRun, "spec">> & { readonly spec?: Partial<ClaimedRun["spec"]> };

export function aClaimedRun({ spec, ...facts }: Facts = {}): ClaimedRun {
  return {
    id: runId(1),
    threadId: threadId(1),
    assistantId: asAssistantId("cccc0000-0000-4000-8000-000000000001"),
    status: "running",
    metadata: {},
    spec: {
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
      ...spec,
    },
    multitaskStrategy: "enqueue",
    createdAt: LONG_AGO,
    updatedAt: LONG_AGO,
    runAfter: LONG_AGO,
    startedAt: LONG_AGO,
    endedAt: null,
    attempt: 1,
    fence: 1,
    cancelAction: null,
    error: null,
    tapeFrom: 0,
    checkpointId: null,
    auth: { identity: null, permissions: [], user: null },
    seqBase: 100,
    lastEvent: -1,
    ...facts,
  };
}

export const aFinish = (facts: Partial<GraphFinish> = {}): GraphFinish => ({
  values: { n: 1 },
  interrupts: {},
  next: [],
  checkpointId: "c-1",
  output: '{"n":1}',
  ...facts,
});

/** A log whose warnings and errors can be counted. */
export function aLog() {
  const sentences: string[] = [];
  const note = (_fields: object, message: string) => void sentences.push(message);
  const log: Log = { debug: () => {}, info: () => {}, warn: note, error: note };
  return { log, sentences };
}

export class FakeTape implements TapeWriter {
  readonly #journal: string[];
  readonly events: TapeEvent[] = [];
  ended: RunEnd | null = null;
  lastEvent: number;
  lastSeq: number;
  fenced = false;

  constructor(journal: string[], from: { readonly lastEvent: number; readonly lastSeq: number }) {
    this.#journal = journal;
    this.lastEvent = from.lastEvent;
    this.lastSeq = from.lastSeq;
  }

  append(event: TapeEvent): void {
    this.events.push(event);
    this.lastEvent += 1;
    this.lastSeq += 1;
    this.#journal.push(`append ${event.event}`);
  }

  async flush(): Promise<void> {
    this.#journal.push("flush");
  }

  async caughtUp(): Promise<void> {
    this.#journal.push("caught up");
  }

  async close(end: RunEnd, keepSeconds: number): Promise<void> {
    this.ended = end;
    this.#journal.push(`close ${end.status}, keep ${keepSeconds}`);
  }

  async release(): Promise<void> {
    this.#journal.push("release");
  }
}

/** A doorbell; `isAway` makes it fail. */
export class FakeQueue implements RunQueue {
  readonly #journal: string[];
  isAway = false;

  constructor(journal: string[]) {
    this.#journal = journal;
  }

  async ring(rings: readonly Ring[]): Promise<void> {
    if (this.isAway) throw new Error("Redis is away");
    for (const one of rings) this.#journal.push(`ring ${one.first === true ? "first " : ""}${one.runId}`);
  }
}
