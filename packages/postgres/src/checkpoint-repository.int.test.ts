import { type CheckpointBatch, type ThreadId, type WriteRow, claimOf } from "@graphfleet/domain";
import { type TestLedger, openLedger } from "@graphfleet/testkit";

const LEASE = { owner: "worker-1", seconds: 15 };
const bytes = (text: string) => new TextEncoder().encode(text);

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());

const checkpoints = () => ledger.storage.checkpoints;

const batchOf = (threadId: ThreadId, parts: Partial<CheckpointBatch> = {}): CheckpointBatch => ({
  threadId,
  checkpoints: [{ ns: "", checkpointId: "1", parentId: null, checkpoint: { v: 4 }, metadata: { step: -1 } }],
  blobs: [{ ns: "", channel: "messages", version: "1.5", type: "json", bytes: bytes("[]") }],
  writes: [],
  ...parts,
});

const write = (text: string, options: Partial<WriteRow> = {}): WriteRow => ({
  ns: "",
  checkpointId: "1",
  taskId: "task",
  idx: 0,
  channel: "messages",
  type: "json",
  bytes: bytes(text),
  replace: false,
  ...options,
});

async function rowsOf(table: string, threadId: ThreadId) {
  const { rows } = await ledger.pool.query(`SELECT * FROM ${table} WHERE thread_id = $1 ORDER BY 1, 2, 3, 4`, [
    threadId,
  ]);
  return rows;
}

test("writes all parts of a batch, and knows the newest checkpoint of each namespace", async () => {
  const { id } = await ledger.make.thread();
  const row = { parentId: null, checkpoint: { id: "x\u0000" }, metadata: { run_id: "r" } };
  const batch = batchOf(id, {
    checkpoints: [
      { ...row, ns: "", checkpointId: "1" },
      { ...row, ns: "", checkpointId: "2", parentId: "1" },
      { ...row, ns: "sub|x", checkpointId: "3" },
    ],
    blobs: [
      { ns: "", channel: "a", version: "1", type: "bytes", bytes: new Uint8Array([0, 255, 92, 34]) },
      { ns: "", channel: "b", version: "1", type: "empty", bytes: null },
    ],
    writes: [write('"w"'), write("1", { idx: -3, replace: true })],
  });
  expect(await checkpoints().write(batch, null)).toBe(true);

  expect(await checkpoints().head(id, "")).toBe("2");
  expect(await checkpoints().head(id, "sub|x")).toBe("3");
  expect(await checkpoints().head(id, "other")).toBeNull();
  expect(await rowsOf("checkpoint_blobs", id)).toMatchObject([
    { channel: "a", blob: Buffer.from([0, 255, 92, 34]) },
    { channel: "b", type: "empty", blob: null },
  ]);
  expect(await rowsOf("checkpoint_writes", id)).toHaveLength(2);
  expect(await rowsOf("checkpoints", id)).toMatchObject([
    { checkpoint: { id: "x" }, metadata: { run_id: "r" }, parent_checkpoint_id: null, type: null },
    { parent_checkpoint_id: "1" },
    { checkpoint_ns: "sub|x" },
  ]);

  await checkpoints().deleteThread(id);
  for (const table of ["checkpoints", "checkpoint_blobs", "checkpoint_writes"]) {
    expect(await rowsOf(table, id)).toEqual([]);
  }
});

test("keeps first writes and first blobs, replaces special writes and checkpoints", async () => {
  const { id } = await ledger.make.thread();
  const special = { idx: -1, replace: true };
  const blob = { ns: "", channel: "c", version: "1", type: "json" };
  await checkpoints().write(
    batchOf(id, {
      writes: [write("first"), write("old", special), write("new", special)],
      blobs: [{ ...blob, bytes: bytes("1") }],
    }),
    null,
  );
  await checkpoints().write(
    batchOf(id, {
      checkpoints: [{ ns: "", checkpointId: "1", parentId: null, checkpoint: { v: 5 }, metadata: {} }],
      writes: [write("second"), write("newest", special)],
      blobs: [{ ...blob, bytes: bytes("2") }],
    }),
    null,
  );
  const written = await rowsOf("checkpoint_writes", id);
  expect(written.map((row) => String(row.blob)).toSorted()).toEqual(["first", "newest"]);
  expect(await rowsOf("checkpoint_blobs", id)).toMatchObject([{ blob: Buffer.from("1") }]);
  expect(await rowsOf("checkpoints", id)).toMatchObject([{ checkpoint: { v: 5 } }]);
});

test("writes nothing for a worker that lost its run", async () => {
  const run = await ledger.make.run();
  const claim = claimOf((await ledger.storage.runs.claim(run, LEASE))!);
  const batch = batchOf(run.threadId, { writes: [write("w")] });

  expect(await checkpoints().write(batch, { ...claim, fence: claim.fence - 1 })).toBe(false);
  await ledger.storage.runs.giveBack(claim, { spent: true, lastEvent: 0 });
  expect(await checkpoints().write(batch, claim)).toBe(false);
  for (const table of ["checkpoints", "checkpoint_blobs", "checkpoint_writes"]) {
    expect(await rowsOf(table, run.threadId)).toEqual([]);
  }

  const again = claimOf((await ledger.storage.runs.claim(run, LEASE))!);
  expect(await checkpoints().write(batch, again)).toBe(true);
  expect(await rowsOf("checkpoint_writes", run.threadId)).toMatchObject([{ run_id: run.id }]);
});

test("an empty batch tells whether the claim still holds", async () => {
  const run = await ledger.make.run();
  const claim = claimOf((await ledger.storage.runs.claim(run, LEASE))!);
  const empty = { threadId: run.threadId, checkpoints: [], blobs: [], writes: [] };
  expect(await checkpoints().write(empty, claim)).toBe(true);
  expect(await checkpoints().write(empty, { ...claim, fence: 9 })).toBe(false);
});

test("a reaper waits for a write in flight, and what comes after it is refused", async () => {
  const run = await ledger.make.run();
  const claim = claimOf((await ledger.storage.runs.claim(run, LEASE))!);
  let reaped: Promise<unknown> = Promise.resolve();
  await ledger.storage.transaction(async (tx) => {
    expect(await tx.checkpoints.write(batchOf(run.threadId), claim)).toBe(true);
    reaped = ledger.storage.runs.giveBack(claim, { spent: true, lastEvent: 0 });
    await untilBlocked();
  });
  await reaped;
  expect(await checkpoints().write(batchOf(run.threadId), claim)).toBe(false);
  expect(await checkpoints().head(run.threadId, "")).toBe("1");
});

/** Resolves when some statement of this database waits for a lock. */
async function untilBlocked(): Promise<void> {
  for (;;) {
    const { rowCount } = await ledger.pool.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    if (rowCount !== 0) return;
  }
}

test("a label is put on the newest checkpoint of the graph itself", async () => {
  const { id } = await ledger.make.thread();
  expect(await checkpoints().label(id, { a: 1 })).toBe(false);
  const checkpoint = (ns: string, checkpointId: string) => ({
    ns,
    checkpointId,
    parentId: null,
    checkpoint: {},
    metadata: { step: 1 },
  });
  const rows = [checkpoint("", "1"), checkpoint("", "2"), checkpoint("sub", "3")];
  await checkpoints().write(batchOf(id, { checkpoints: rows }), null);

  expect(await checkpoints().label(id, { a: 1 })).toBe(true);

  const labelled = await rowsOf("checkpoints", id);
  expect(new Map(labelled.map((row) => [row.checkpoint_id, row.metadata]))).toEqual(
    new Map([
      ["1", { step: 1 }],
      ["2", { step: 1, a: 1 }],
      ["3", { step: 1 }],
    ]),
  );
});

test("keepLatest leaves the newest checkpoint of each namespace, with what it refers to", async () => {
  const { id } = await ledger.make.thread();
  const other = await ledger.make.thread();
  const checkpoint = (ns: string, checkpointId: string, versions: object) => ({
    ns,
    checkpointId,
    parentId: "0",
    checkpoint: { channel_versions: { ...versions } },
    metadata: {},
  });
  const value = (ns: string, version: string) => ({ ns, channel: "c", version, type: "json", bytes: bytes(version) });
  const past = {
    checkpoints: [
      checkpoint("", "1", { c: 1.25 }),
      checkpoint("", "2", { c: 2.5, gone: 1 }),
      checkpoint("sub", "1", { c: 1.5 }),
    ],
    blobs: [value("", "1.25"), value("", "2.5"), value("sub", "1.5"), value("sub", "2.5")],
    writes: [write("old"), { ...write("new"), checkpointId: "2" }],
  };
  for (const threadId of [id, other.id]) await checkpoints().write(batchOf(threadId, past), null);

  await checkpoints().keepLatest(id);

  const left = async (table: string, ...columns: string[]) =>
    new Set((await rowsOf(table, id)).map((row) => columns.map((column) => String(row[column])).join(" ")));
  expect(await left("checkpoints", "checkpoint_ns", "checkpoint_id", "parent_checkpoint_id")).toEqual(
    new Set([" 2 null", "sub 1 null"]),
  );
  expect(await left("checkpoint_blobs", "checkpoint_ns", "version")).toEqual(new Set([" 2.5", "sub 1.5"]));
  expect(await left("checkpoint_writes", "checkpoint_id")).toEqual(new Set(["2"]));
  expect(await rowsOf("checkpoints", other.id)).toHaveLength(3);
  expect(await rowsOf("checkpoint_blobs", other.id)).toHaveLength(4);
});
