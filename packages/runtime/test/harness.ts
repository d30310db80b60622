/** Runs small graphs without a fleet around them. */
import {
  asThreadId,
  type CheckpointBatch,
  type CheckpointRepository,
  type ClaimedRun,
  type GraphFinish,
  type GraphRunner,
  randomIds,
  type RunSpec,
  systemAssistantId,
  type TapeEvent,
} from "@graphfleet/domain";
import { InMemoryStore } from "@langchain/langgraph";
import type pg from "pg";
import { FleetRunner } from "../src/execute/fleet-runner.js";
import { GraphRegistry, toLoaded } from "../src/project/graph-registry.js";

export const registryOf = (graphs: Readonly<Record<string, unknown>>): GraphRegistry =>
  new GraphRegistry(new Map(Object.entries(graphs).map(([id, graph]) => [id, toLoaded(graph)])), []);

/** A ledger that takes everything, and a database without a row: enough for the first run of a thread. */
export function emptyLedger(): {
  pool: pg.Pool;
  checkpoints: CheckpointRepository;
  batches: CheckpointBatch[];
  queries: () => number;
} {
  const batches: CheckpointBatch[] = [];
  let queries = 0;
  const pool = {
    query: () => {
      queries += 1;
      return Promise.resolve({ rows: [] });
    },
  };
  return {
    // Only `query` is used.
    pool: pool as unknown as pg.Pool,
    checkpoints: {
      write: (batch) => Promise.resolve(batches.push(batch) > 0),
      head: () => Promise.resolve(null),
      label: () => Promise.resolve(false),
      keepLatest: () => Promise.resolve(),
      deleteRun: () => Promise.resolve(),
      removeOrphans: async () => ({ removed: 0, next: null }),
      bytes: async () => ({}),
      deleteThread: () => Promise.resolve(),
    },
    batches,
    queries: () => queries,
  };
}

export function runnerOf(
  graphs: Readonly<Record<string, unknown>>,
  { pool, checkpoints }: { pool: pg.Pool; checkpoints: CheckpointRepository } = emptyLedger(),
): FleetRunner {
  return new FleetRunner({
    graphs: registryOf(graphs),
    pool,
    checkpoints,
    store: new InMemoryStore(),
    libraryVersion: "1.2.3",
  });
}

export const SPEC: RunSpec = {
  graphId: "graph",
  input: {},
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
};

export function claimedRun(spec: Partial<RunSpec> = {}, fields: Partial<Omit<ClaimedRun, "spec">> = {}): ClaimedRun {
  return {
    id: randomIds.run(),
    threadId: asThreadId(randomIds.thread()),
    assistantId: systemAssistantId("graph"),
    status: "running",
    metadata: {},
    multitaskStrategy: "enqueue",
    createdAt: new Date(0),
    updatedAt: new Date(0),
    runAfter: new Date(0),
    startedAt: new Date(0),
    endedAt: null,
    attempt: 1,
    fence: 1,
    cancelAction: null,
    error: null,
    tapeFrom: 0,
    checkpointId: null,
    auth: { identity: null, permissions: [], user: null },
    seqBase: 0,
    lastEvent: -1,
    ...fields,
    spec: { ...SPEC, ...spec },
  };
}

/** An event as a reader of the classic stream gets it. */
export interface Seen {
  readonly event: string;
  /** What JSON.parse makes of it. */
  readonly data: ReturnType<typeof JSON.parse>;
}

export interface Performance {
  readonly events: Seen[];
  readonly finish: GraphFinish;
}

export async function perform(
  runner: GraphRunner,
  run: ClaimedRun,
  {
    signal = new AbortController().signal,
    onEvent,
    told = async () => {},
  }: { signal?: AbortSignal; onEvent?: (event: Seen) => void; told?: () => Promise<void> } = {},
): Promise<Performance> {
  const events: Seen[] = [];
  const emit = (event: TapeEvent) => {
    const seen = { event: [event.event, ...(event.ns ?? [])].join("|"), data: JSON.parse(event.data) as unknown };
    events.push(seen);
    onEvent?.(seen);
  };
  return { events, finish: await runner.execute(run, { signal, emit, told }) };
}

export const names = (events: readonly Seen[]): string[] => events.map(({ event }) => event);
