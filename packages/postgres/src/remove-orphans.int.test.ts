import { type CheckpointBatch, type JsonObject, randomIds, type ThreadId } from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await openLedger();
});
afterEach(() => ledger.close());

const checkpoints = () => ledger.storage.checkpoints;
const BY_A_RUN = { run_id: "r" };

const batchOf = (threadId: ThreadId, metadata: JsonObject | null): CheckpointBatch => ({
  threadId,
  checkpoints: metadata === null ? [] : [{ ns: "", checkpointId: "1", parentId: null, checkpoint: { v: 4 }, metadata }],
  blobs: [{ ns: "", channel: "c", version: "1", type: "empty", bytes: null }],
  writes: [],
});

/** Walks over everything; `limit` threads at a time. */
async function sweep(limit: number): Promise<{ readonly removed: number; readonly pages: number }> {
  let [after, removed, pages]: [string | null, number, number] = ["", 0, 0];
  for (; after !== null; pages++) {
    const page = await checkpoints().removeOrphans(after, limit);
    removed += page.removed;
    after = page.next;
  }
  return { removed, pages };
}

const threadsLeft = async () =>
  (
    await ledger.pool.query(
      "SELECT DISTINCT thread_id FROM (SELECT thread_id FROM checkpoints UNION ALL SELECT thread_id FROM checkpoint_blobs) x",
    )
  ).rows
    .map((row) => row.thread_id as string)
    .toSorted();

test("removes what runs left of threads that are gone, and values that nobody can read", async () => {
  const { id } = await ledger.make.thread();
  const [gone, halfGone] = [randomIds.thread(), randomIds.thread()];
  await checkpoints().write(batchOf(id, BY_A_RUN), null);
  await checkpoints().write(batchOf(gone, BY_A_RUN), null);
  await checkpoints().write(batchOf(halfGone, null), null);

  expect(await sweep(100)).toEqual({ removed: 3, pages: 1 });
  expect(await threadsLeft()).toEqual([id]);
  expect(await sweep(100)).toEqual({ removed: 0, pages: 1 });
});

test("leaves alone what other programs keep in the same tables", async () => {
  const foreign = randomIds.thread();
  await checkpoints().write(batchOf(foreign, { source: "loop" }), null);
  await checkpoints().write(batchOf("my own thread" as ThreadId, BY_A_RUN), null);

  expect(await sweep(100)).toEqual({ removed: 0, pages: 1 });
  expect(await threadsLeft()).toEqual([foreign, "my own thread"].toSorted());
});

test("walks page by page", async () => {
  for (let n = 0; n < 5; n++) await checkpoints().write(batchOf(randomIds.thread(), BY_A_RUN), null);

  expect(await sweep(2)).toEqual({ removed: 10, pages: 3 });
  expect(await threadsLeft()).toEqual([]);
});

test("tells what checkpoints take on disk", async () => {
  const bytes = await checkpoints().bytes();
  expect(Object.keys(bytes).toSorted()).toEqual(["checkpoint_blobs", "checkpoint_writes", "checkpoints"]);
  for (const size of Object.values(bytes)) expect(size).toBeGreaterThan(0);
});
