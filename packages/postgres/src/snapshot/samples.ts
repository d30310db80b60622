import {
  type CheckpointBatch,
  type Claim,
  type Ending,
  type NewRun,
  type Repositories,
  type RunTemplate,
  type Scope,
  ANONYMOUS,
  WHOLE_HOUSE,
  asAssistantId,
  asCronId,
  asDeliveryId,
  asRunId,
  asThreadId,
} from "@graphfleet/domain";

/** A call of a repository's method whose SQL is worth reading. */
export interface Sample {
  readonly name: string;
  readonly call: (repositories: Repositories) => Promise<unknown>;
  /** What the database answers, statement by statement, where the usual row will not do. See `recorder`. */
  readonly answers?: readonly (object | null)[];
}

const RUN = asRunId("00000000-0000-7000-8000-000000000001");
const THREAD = asThreadId("00000000-0000-7000-8000-000000000002");
const ASSISTANT = asAssistantId("00000000-0000-4000-8000-000000000003");
const CLAIM: Claim = { runId: RUN, threadId: THREAD, fence: 1 };
const DELIVERY = { id: asDeliveryId("00000000-0000-4000-8000-000000000004"), fence: 1 };
const OWNER = { runId: RUN, threadId: THREAD };
const TRY = { at: "2026-01-01T00:00:00.000Z", duration_ms: 1, response_status: 500, error: "answered 500" };
const LEASE = { owner: "worker", seconds: 15 };
const CRON = asCronId("00000000-0000-7000-8000-000000000004");
const PAGE = { limit: 10, offset: 0 };
const SNAPSHOT = { values: {}, interrupts: {} };
const KEEP = { refreshTtl: false };
const SCOPE: Scope = {
  conditions: [
    { key: "owner", operator: "eq", value: "ann" },
    { key: "teams", operator: "contains", value: "red" },
    {
      anyOf: [
        { conditions: [{ key: "public", operator: "eq", value: true }] },
        { conditions: [{ key: "owner", operator: "eq", value: "bob" }] },
      ],
    },
  ],
};

const NEW_RUN: NewRun = {
  id: RUN,
  threadId: THREAD,
  assistantId: ASSISTANT,
  metadata: {},
  spec: {
    graphId: "agent",
    input: null,
    command: null,
    config: {},
    context: null,
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
  },
  auth: { identity: null, permissions: [], user: null },
  multitaskStrategy: "enqueue",
  afterSeconds: 5,
  tapeFrom: 0,
  webhook: null,
};

const MOMENT = new Date(0);

const TEMPLATE: RunTemplate = {
  input: null,
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
};

const ENDING: Ending = {
  status: "success",
  ending: "completed",
  error: null,
  snapshot: SNAPSHOT,
  checkpointId: "1",
  lastSeq: 1,
};

const EXPIRED = [{ thread_id: THREAD }, { id: THREAD, strategy: "delete", rows: 5 }] as const;

const BATCH: CheckpointBatch = { threadId: THREAD, checkpoints: [], blobs: [], writes: [] };

/** By repository; each becomes a file. */
export const SAMPLES: Readonly<Record<keyof Repositories, readonly Sample[]>> = {
  assistants: [
    {
      name: "insert",
      call: ({ assistants }) =>
        assistants.insert({
          id: ASSISTANT,
          graphId: "agent",
          name: "A",
          description: null,
          config: {},
          context: {},
          metadata: {},
        }),
    },
    { name: "get", call: ({ assistants }) => assistants.get(ASSISTANT, SCOPE) },
    {
      name: "search",
      call: ({ assistants }) =>
        assistants.search(
          { ...PAGE, offset: 10, metadata: { a: 1 }, graphId: "g", name: "n", sort: { by: "name", order: "asc" } },
          SCOPE,
        ),
      answers: [null, {}],
    },
    {
      name: "update",
      call: ({ assistants }) => assistants.update(ASSISTANT, { name: "B", config: {}, metadata: { b: 1 } }, SCOPE),
    },
    { name: "delete", call: ({ assistants }) => assistants.delete(ASSISTANT, SCOPE) },
    {
      name: "versions",
      call: ({ assistants }) => assistants.versions(ASSISTANT, { ...PAGE, metadata: { a: 1 } }, SCOPE),
    },
    { name: "setLatest", call: ({ assistants }) => assistants.setLatest(ASSISTANT, 1, SCOPE) },
    {
      name: "syncSystem, settings changed",
      call: ({ assistants }) =>
        assistants.syncSystem([{ id: ASSISTANT, graphId: "agent", description: null, config: {}, context: {} }]),
      answers: [null],
    },
  ],
  threads: [
    { name: "insert", call: ({ threads }) => threads.insert({ id: THREAD, metadata: {} }) },
    {
      name: "insertBusy",
      call: ({ threads }) =>
        threads.insertBusy([{ id: THREAD, metadata: {}, takeOver: { metadata: {}, config: {}, context: null } }]),
    },
    { name: "get", call: ({ threads }) => threads.get(THREAD, SCOPE) },
    { name: "peek", call: ({ threads }) => threads.peek(THREAD, SCOPE) },
    { name: "valuesOf", call: ({ threads }) => threads.valuesOf(THREAD) },
    { name: "lock", call: ({ threads }) => threads.lock(THREAD, SCOPE) },
    {
      name: "search and count",
      call: ({ threads }) =>
        threads.search(
          {
            ...PAGE,
            offset: 10,
            ids: [THREAD],
            metadata: { a: 1 },
            values: { b: 2 },
            status: "idle",
            sort: { by: "created_at", order: "desc" },
            select: ["thread_id", "metadata"],
            extract: [
              { alias: "a", field: "values", path: ["messages", "-1"] },
              { alias: "b", field: "created_at", path: [] },
            ],
          },
          SCOPE,
        ),
      answers: [null, {}],
    },
    {
      name: "search, last used first",
      call: ({ threads }) => threads.search({ ...PAGE, sort: { by: "state_updated_at", order: "desc" } }, WHOLE_HOUSE),
    },
    { name: "copy", call: ({ threads }) => threads.copy(THREAD, { id: THREAD, metadata: {} }, SCOPE) },
    {
      name: "patch",
      call: ({ threads }) => threads.patch(THREAD, { metadata: {}, ttl: { minutes: 1, strategy: "delete" } }, SCOPE),
    },
    { name: "delete", call: ({ threads }) => threads.delete(THREAD, SCOPE) },
    { name: "markBusy", call: ({ threads }) => threads.markBusy(THREAD, { metadata: {}, config: {}, context: {} }) },
    { name: "rest", call: ({ threads }) => threads.rest(THREAD) },
    { name: "expire", call: ({ threads }) => threads.expire({ threads: 100, rows: 5000 }), answers: EXPIRED },
    {
      name: "expire, keep_latest",
      call: ({ threads }) => threads.expire({ threads: 100, rows: 5000 }),
      answers: [EXPIRED[0], { ...EXPIRED[1], strategy: "keep_latest" }],
    },
    {
      name: "expire, a long past",
      call: ({ threads }) => threads.expire({ threads: 100, rows: 5000 }),
      answers: [EXPIRED[0], { ...EXPIRED[1], rows: 9000 }, { checkpoints: 1250, blobs: 0 }],
    },
    { name: "countExpired", call: ({ threads }) => threads.countExpired(1000) },
    { name: "saveState", call: ({ threads }) => threads.saveState(THREAD, SNAPSHOT, "idle") },
  ],
  runs: [
    { name: "insert, delayed", call: ({ runs }) => runs.insert(NEW_RUN) },
    { name: "insertMany", call: ({ runs }) => runs.insertMany([NEW_RUN]) },
    { name: "get", call: ({ runs }) => runs.get(RUN, THREAD, SCOPE) },
    { name: "getToRead", call: ({ runs }) => runs.getToRead(RUN, null, SCOPE) },
    { name: "find", call: ({ runs }) => runs.find(RUN) },
    {
      name: "list",
      call: ({ runs }) => runs.list(THREAD, { ...PAGE, offset: 10, status: "success", metadata: { a: 1 } }, SCOPE),
      answers: [null, {}],
    },
    { name: "inflight", call: ({ runs }) => runs.inflight(THREAD) },
    { name: "active", call: ({ runs }) => runs.active({ status: "pending", before: 9, limit: 10 }, SCOPE) },
    { name: "delete", call: ({ runs }) => runs.delete(RUN, THREAD) },
    { name: "requestCancel, never started, interrupt", call: ({ runs }) => runs.requestCancel([RUN], "interrupt") },
    { name: "requestCancel, never started, rollback", call: ({ runs }) => runs.requestCancel([RUN], "rollback") },
    {
      name: "requestCancel, running",
      call: ({ runs }) => runs.requestCancel([RUN], "interrupt"),
      answers: [{ status: "running" }],
    },
    { name: "claim", call: ({ runs }) => runs.claim({ threadId: THREAD }, LEASE) },
    { name: "claimable, most urgent first", call: ({ runs }) => runs.claimable(2.5, 10, "urgent") },
    { name: "claimable, oldest first", call: ({ runs }) => runs.claimable(60, 1, "oldest") },
    { name: "renew", call: ({ runs }) => runs.renew([{ ...CLAIM, lastEvent: 1 }], LEASE) },
    { name: "settle", call: ({ runs }) => runs.settle(CLAIM, ENDING) },
    { name: "settle, refused", call: ({ runs }) => runs.settle(CLAIM, ENDING), answers: [{}, null] },
    {
      name: "settle, again",
      call: ({ runs }) => runs.settle(CLAIM, ENDING),
      answers: [{}, null, { status: "success", cancel_action: null }],
    },
    { name: "giveBack", call: ({ runs }) => runs.giveBack(CLAIM, { spent: true, lastEvent: 1 }) },
    { name: "rollBack", call: ({ runs }) => runs.rollBack(CLAIM, { snapshot: SNAPSHOT, ending: "none", lastSeq: 1 }) },
    { name: "unheard", call: ({ runs }) => runs.unheard(30, 100) },
    { name: "reapExpired, given up", call: ({ runs }) => runs.reapExpired({ maxAttempts: 3, limit: 100 }) },
    { name: "reapExpired, put back", call: ({ runs }) => runs.reapExpired({ maxAttempts: 4, limit: 100 }) },
    { name: "sweepTemporary", call: ({ runs }) => runs.sweepTemporary(60, 100) },
    { name: "counts", call: ({ runs }) => runs.counts() },
  ],
  checkpoints: [
    { name: "write, by a worker", call: ({ checkpoints }) => checkpoints.write(BATCH, CLAIM) },
    { name: "write, by hand", call: ({ checkpoints }) => checkpoints.write(BATCH, null) },
    { name: "head", call: ({ checkpoints }) => checkpoints.head(THREAD, "") },
    { name: "label", call: ({ checkpoints }) => checkpoints.label(THREAD, {}) },
    { name: "keepLatest", call: ({ checkpoints }) => checkpoints.keepLatest(THREAD) },
    { name: "deleteRun", call: ({ checkpoints }) => checkpoints.deleteRun(THREAD, RUN) },
    { name: "deleteThread", call: ({ checkpoints }) => checkpoints.deleteThread(THREAD) },
    {
      name: "removeOrphans",
      call: ({ checkpoints }) => checkpoints.removeOrphans("", 1000),
      answers: [{ seen: 1, last: THREAD, orphans: [THREAD] }],
    },
    { name: "bytes", call: ({ checkpoints }) => checkpoints.bytes() },
  ],
  items: [
    {
      name: "put",
      call: ({ items }) => items.put({ namespace: ["a"], key: "k", value: {}, ttlMinutes: null }, SCOPE),
    },
    {
      name: "put, with vectors",
      call: ({ items }) =>
        items.put({ namespace: ["a"], key: "k", value: {}, ttlMinutes: null, vectors: [Float32Array.of(1)] }, SCOPE),
    },
    { name: "get, refreshed", call: ({ items }) => items.get(["a"], "k", { refreshTtl: true }, WHOLE_HOUSE) },
    { name: "delete", call: ({ items }) => items.delete(["a"], "k", SCOPE), answers: [null] },
    {
      name: "search",
      call: ({ items }) =>
        items.search(
          {
            ...PAGE,
            prefix: ["a", "b"],
            conditions: [
              { key: "n", operator: "$gt", value: 1 },
              { key: "s", operator: "$lte", value: "z" },
              { key: "x", operator: "$nin", value: [1, "a"] },
              { key: "y", operator: "$ne", value: null },
            ],
          },
          KEEP,
          SCOPE,
        ),
    },
    {
      name: "searchNear, without pgvector",
      call: ({ items }) =>
        items.searchNear({ ...PAGE, prefix: ["a"], conditions: [], near: Float32Array.of(1) }, KEEP, SCOPE),
      answers: [{ seq: 1 }, { seq: 1, bytes: Buffer.alloc(28) }],
    },
    {
      name: "namespaces",
      call: ({ items }) => items.namespaces({ ...PAGE, prefix: ["a", "*"], suffix: ["z"], maxDepth: 2 }, WHOLE_HOUSE),
    },
    { name: "removeExpired", call: ({ items }) => items.removeExpired(500) },
    { name: "countExpired", call: ({ items }) => items.countExpired(1000) },
  ],
  crons: [
    {
      name: "insert",
      call: ({ crons }) =>
        crons.insert({
          id: CRON,
          assistantId: ASSISTANT,
          threadId: THREAD,
          onRunCompleted: null,
          schedule: "* * * * *",
          timezone: null,
          endTime: null,
          enabled: true,
          nextRunAt: MOMENT,
          userId: null,
          template: TEMPLATE,
          metadata: {},
          owner: { caller: ANONYMOUS, scope: WHOLE_HOUSE, stamp: {} },
        }),
    },
    { name: "get", call: ({ crons }) => crons.get(CRON, SCOPE) },
    { name: "lock", call: ({ crons }) => crons.lock(CRON, SCOPE) },
    {
      name: "search",
      call: ({ crons }) =>
        crons.search(
          {
            ...PAGE,
            offset: 10,
            assistantId: ASSISTANT,
            threadId: THREAD,
            enabled: true,
            metadata: { a: 1 },
            sort: { by: "next_run_date", order: "desc" },
          },
          SCOPE,
        ),
      answers: [null, {}],
    },
    {
      name: "update",
      call: ({ crons }) => crons.update(CRON, { schedule: "@daily", template: TEMPLATE, nextRunAt: null }),
    },
    { name: "delete", call: ({ crons }) => crons.delete(CRON, SCOPE) },
    { name: "now", call: ({ crons }) => crons.now() },
    {
      name: "claimDue",
      call: ({ crons }) => crons.claimDue({ threads: "given", limit: 20, except: [CRON] }),
      answers: [{ next_run_at: MOMENT, thread_id: THREAD }],
    },
    {
      name: "claimDue, with threads of their own",
      call: ({ crons }) => crons.claimDue({ threads: "own", limit: 250, except: [] }),
    },
    {
      name: "recordFirings",
      call: ({ crons }) => crons.recordFirings([{ cronId: CRON, slot: MOMENT, runId: RUN, next: null }]),
    },
    { name: "sweepFirings", call: ({ crons }) => crons.sweepFirings(86_400, 5000) },
  ],
  deliveries: [
    { name: "claim, of a run", call: ({ deliveries }) => deliveries.claim({ runId: RUN }, 15) },
    { name: "claim, the oldest", call: ({ deliveries }) => deliveries.claim({ dueSeconds: 2 }, 15) },
    {
      name: "finish, to be tried again",
      call: ({ deliveries }) => deliveries.finish(DELIVERY, TRY, { kind: "retry", reason: "answered 500", delayMs: 1 }),
    },
    {
      name: "finish, for good",
      call: ({ deliveries }) => deliveries.finish(DELIVERY, TRY, { kind: "failed", reason: "answered 404" }),
    },
    { name: "giveBack", call: ({ deliveries }) => deliveries.giveBack(DELIVERY) },
    { name: "unheard", call: ({ deliveries }) => deliveries.unheard(2, 100) },
    { name: "list", call: ({ deliveries }) => deliveries.list(OWNER, SCOPE) },
    {
      name: "replay",
      call: ({ deliveries }) => deliveries.replay(DELIVERY.id, OWNER, SCOPE),
      answers: [{ status: "failed" }, {}],
    },
    { name: "sweepEnded", call: ({ deliveries }) => deliveries.sweepEnded(3600, 100) },
    { name: "counts", call: ({ deliveries }) => deliveries.counts() },
  ],
};
