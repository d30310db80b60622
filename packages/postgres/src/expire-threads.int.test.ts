import {
  type CheckpointBatch,
  claimOf,
  type Ending,
  type ThreadId,
  type TtlStrategy,
  WHOLE_HOUSE,
} from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";

const BOUNDS = { threads: 100, rows: 1000 };
const NOTHING = { deleted: [], kept: [], more: false };
const LEASE = { owner: "worker-1", seconds: 15 };
const ENDING: Ending = {
  status: "success",
  ending: "completed",
  error: null,
  snapshot: null,
  checkpointId: null,
  lastSeq: 0,
};

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await openLedger();
});
afterEach(() => ledger.close());

const threads = () => ledger.storage.threads;
const ttlOf = async (id: ThreadId) => (await threads().get(id, WHOLE_HOUSE))?.ttl;

/** A thread with a lifetime of an hour. */
async function mortal(strategy: TtlStrategy = "delete", minutes = 60): Promise<ThreadId> {
  return (await ledger.make.thread({ ttl: { minutes, strategy } })).id;
}

/** Moves the threads' time on. The clock of expiry is the database's, and this is how tests turn it. */
const pass = (minutes: number, ...ids: readonly ThreadId[]) =>
  ledger.pool.query(
    "UPDATE threads SET expires_at = expires_at - make_interval(secs => $1 * 60) WHERE thread_id = any($2)",
    [minutes, ids],
  );

/** Checkpoints 1 to `steps`, each with a value and a write of its own. */
const historyOf = (threadId: ThreadId, steps: number): CheckpointBatch => {
  const numbers = Array.from({ length: steps }, (_, index) => index + 1);
  const bytes = new Uint8Array([1]);
  return {
    threadId,
    checkpoints: numbers.map((n) => ({
      ns: "",
      checkpointId: String(n),
      parentId: n === 1 ? null : String(n - 1),
      checkpoint: { channel_versions: { c: n + 0.5 } },
      metadata: {},
    })),
    blobs: numbers.map((n) => ({ ns: "", channel: "c", version: String(n + 0.5), type: "json", bytes })),
    writes: numbers.map((n) => ({
      ns: "",
      checkpointId: String(n),
      taskId: "t",
      idx: 0,
      channel: "c",
      type: "json",
      bytes,
      replace: false,
    })),
  };
};

const countOf = async (table: string, id: ThreadId): Promise<number> =>
  (await ledger.pool.query(`SELECT FROM ${table} WHERE thread_id::text = $1`, [id])).rowCount ?? 0;

const leftOf = async (id: ThreadId) => ({
  runs: await countOf("runs", id),
  checkpoints: await countOf("checkpoints", id),
  blobs: await countOf("checkpoint_blobs", id),
  writes: await countOf("checkpoint_writes", id),
});

describe("delete", () => {
  test("removes threads with all they have once their time is over, and no others", async () => {
    const [old, young, immortal] = [await mortal(), await mortal(), (await ledger.make.thread()).id];
    for (const id of [old, young, immortal]) {
      const run = await ledger.make.run({ threadId: id });
      await ledger.storage.runs.settle(claimOf((await ledger.storage.runs.claim(run, LEASE))!), ENDING);
      await ledger.storage.checkpoints.write(historyOf(id, 2), null);
    }
    await pass(59, young);
    expect(await threads().expire(BOUNDS)).toEqual(NOTHING);
    expect(await threads().countExpired(10)).toBe(0);

    await pass(61, old);
    expect(await threads().countExpired(10)).toBe(1);
    expect(await threads().expire(BOUNDS)).toEqual({ deleted: [old], kept: [], more: false });

    expect(await leftOf(old)).toEqual({ runs: 0, checkpoints: 0, blobs: 0, writes: 0 });
    expect(await threads().get(old, WHOLE_HOUSE)).toBeNull();
    expect(await leftOf(young)).toEqual({ runs: 1, checkpoints: 2, blobs: 2, writes: 2 });
    expect(await leftOf(immortal)).toEqual({ runs: 1, checkpoints: 2, blobs: 2, writes: 2 });
  });

  test("never touches a thread whose run is not over, however late it is; the run's end starts its time again", async () => {
    const id = await mortal();
    const run = await ledger.make.run({ threadId: id });
    await pass(600, id);
    expect(await threads().expire(BOUNDS)).toEqual(NOTHING);

    const claim = claimOf((await ledger.storage.runs.claim(run, LEASE))!);
    expect(await threads().expire(BOUNDS)).toEqual(NOTHING);

    await ledger.storage.runs.settle(claim, ENDING);
    expect(await threads().expire(BOUNDS)).toEqual(NOTHING);
    await pass(61, id);
    expect(await threads().expire(BOUNDS)).toMatchObject({ deleted: [id] });
  });

  test("believes the runs, not the status", async () => {
    const id = await mortal();
    await ledger.make.run({ threadId: id });
    await ledger.pool.query("UPDATE threads SET status = 'idle' WHERE thread_id = $1", [id]);
    await pass(61, id);

    expect(await threads().expire(BOUNDS)).toEqual(NOTHING);
  });

  test("leaves threads that someone works on to the next sweep, without waiting for them", async () => {
    const [held, free] = [await mortal(), await mortal()];
    await pass(61, held, free);
    await ledger.storage.transaction(async (tx) => {
      await tx.threads.lock(held, WHOLE_HOUSE);
      expect(await threads().expire(BOUNDS)).toMatchObject({ deleted: [free] });
    });
    expect(await threads().expire(BOUNDS)).toMatchObject({ deleted: [held] });
  });

  test("a thread that came back to life in the meantime stays", async () => {
    const id = await mortal();
    await pass(61, id);
    await ledger.make.run({ threadId: id });
    expect(await threads().expire(BOUNDS)).toEqual(NOTHING);
    expect((await ttlOf(id))!.expiresAt.getTime()).toBeGreaterThan(Date.now());
  });

  test("many sweeps at once remove each thread once", async () => {
    const ids = await Promise.all(Array.from({ length: 60 }, () => mortal()));
    await pass(61, ...ids);

    const deleted: ThreadId[] = [];
    const sweep = async () => {
      for (;;) {
        const batch = await threads().expire({ threads: 7, rows: 1000 });
        deleted.push(...batch.deleted);
        if (!batch.more) return;
      }
    };
    await Promise.all(Array.from({ length: 5 }, sweep));
    // The last batches may have met each other's locks.
    await sweep();

    expect(deleted.toSorted()).toEqual(ids.toSorted());
  });
});

describe("bounds", () => {
  test("says whether there is more, oldest first", async () => {
    const [young, old, middle] = [await mortal(), await mortal(), await mortal()];
    await pass(61, young);
    await pass(90, old);
    await pass(70, middle);

    expect(await threads().expire({ threads: 2, rows: 1000 })).toEqual({
      deleted: [old, middle],
      kept: [],
      more: true,
    });
    expect(await threads().expire({ threads: 2, rows: 1000 })).toEqual({ deleted: [young], kept: [], more: false });
    expect(await threads().countExpired(1)).toBe(0);
  });

  test("a batch takes as many threads as its rows allow", async () => {
    const [first, second] = [await mortal(), await mortal()];
    await pass(70, first);
    await pass(61, second);
    for (const id of [first, second]) await ledger.storage.checkpoints.write(historyOf(id, 2), null);

    expect(await threads().expire({ threads: 10, rows: 11 })).toEqual({ deleted: [first], kept: [], more: true });
    expect(await threads().expire({ threads: 10, rows: 11 })).toEqual({ deleted: [second], kept: [], more: false });
  });

  test("a thread with a long past loses it piece by piece, each time whole steps, before it goes", async () => {
    const id = await mortal();
    await pass(61, id);
    await ledger.storage.checkpoints.write(historyOf(id, 10), null);
    const bounds = { threads: 10, rows: 8 };

    const seen: object[] = [];
    for (;;) {
      const { deleted, more } = await threads().expire(bounds);
      if (deleted.length > 0) break;
      expect(more).toBe(true);
      const { checkpoints, blobs, writes } = await leftOf(id);
      expect(writes).toBe(checkpoints);
      seen.push({ checkpoints, blobs });
    }

    expect(seen).toEqual([
      { checkpoints: 8, blobs: 10 },
      { checkpoints: 6, blobs: 10 },
      { checkpoints: 4, blobs: 10 },
      { checkpoints: 2, blobs: 10 },
      { checkpoints: 1, blobs: 10 },
      { checkpoints: 1, blobs: 8 },
      { checkpoints: 1, blobs: 6 },
    ]);
    expect(await leftOf(id)).toEqual({ runs: 0, checkpoints: 0, blobs: 0, writes: 0 });
  });

  test("a thread whose newest state alone is larger than a batch goes all the same", async () => {
    const id = await mortal();
    await pass(61, id);
    await ledger.storage.checkpoints.write(historyOf(id, 1), null);

    expect(await threads().expire({ threads: 10, rows: 2 })).toEqual({ deleted: [id], kept: [], more: false });
  });

  test("readers do not wait for a batch", async () => {
    const id = await mortal();
    await pass(61, id);
    await ledger.storage.transaction(async (tx) => {
      expect(await tx.threads.expire(BOUNDS)).toMatchObject({ deleted: [id] });
      // Its transaction is open still.
      expect(await threads().get(id, WHOLE_HOUSE)).not.toBeNull();
      expect(await threads().count({}, WHOLE_HOUSE)).toBe(1);
    });
    expect(await threads().get(id, WHOLE_HOUSE)).toBeNull();
  });

  test("counting ends somewhere", async () => {
    const ids = [await mortal(), await mortal(), await mortal()];
    await pass(61, ...ids);
    expect(await threads().countExpired(1)).toBe(2);
  });
});

describe("keep_latest", () => {
  test("keeps the newest state and the runs, and begins again without moving the thread up in lists", async () => {
    const [id, other] = [await mortal("keep_latest"), await mortal()];
    const run = await ledger.make.run({ threadId: id });
    await ledger.storage.runs.settle(claimOf((await ledger.storage.runs.claim(run, LEASE))!), ENDING);
    for (const one of [id, other]) await ledger.storage.checkpoints.write(historyOf(one, 3), null);
    const before = (await threads().get(id, WHOLE_HOUSE))!;
    await pass(61, id);

    expect(await threads().expire(BOUNDS)).toEqual({ deleted: [], kept: [id], more: false });

    expect(await leftOf(id)).toEqual({ runs: 1, checkpoints: 1, blobs: 1, writes: 1 });
    expect(await ledger.storage.checkpoints.head(id, "")).toBe("3");
    expect(await leftOf(other)).toMatchObject({ checkpoints: 3, blobs: 3, writes: 3 });
    const after = (await threads().get(id, WHOLE_HOUSE))!;
    expect(after.updatedAt).toEqual(before.updatedAt);
    expect(after.ttl!.expiresAt.getTime()).toBeGreaterThanOrEqual(before.ttl!.expiresAt.getTime());
    expect(await threads().expire(BOUNDS)).toEqual(NOTHING);

    await pass(61, id);
    expect(await threads().expire(BOUNDS)).toMatchObject({ kept: [id] });
  });

  test("a long past goes piece by piece, too", async () => {
    const id = await mortal("keep_latest");
    await pass(61, id);
    await ledger.storage.checkpoints.write(historyOf(id, 10), null);

    let batch = await threads().expire({ threads: 10, rows: 8 });
    for (; batch.more; batch = await threads().expire({ threads: 10, rows: 8 })) expect(batch.kept).toEqual([]);

    expect(batch.kept).toEqual([id]);
    expect(await leftOf(id)).toEqual({ runs: 0, checkpoints: 1, blobs: 1, writes: 1 });
    const { rows } = await ledger.pool.query("SELECT parent_checkpoint_id FROM checkpoints WHERE thread_id = $1", [id]);
    expect(rows).toEqual([{ parent_checkpoint_id: null }]);
  });
});

describe("the project's lifetime", () => {
  const HOUR = { minutes: 60, strategy: "keep_latest" } as const;

  test("is that of new threads and copies which name none; temporary threads have none", async () => {
    const other = await openLedger({ threadTtl: HOUR });
    try {
      const plain = await other.make.thread();
      expect(plain.ttl).toMatchObject(HOUR);
      const minute = { minutes: 1, strategy: "delete" } as const;
      const named = await other.make.thread({ ttl: minute });
      expect(named.ttl).toMatchObject(minute);
      const { threadId } = await other.make.run();
      expect((await other.storage.threads.get(threadId, WHOLE_HOUSE))?.ttl).toMatchObject(HOUR);

      const to = { id: plain.id.replace(/^.{8}/, "00000000") as ThreadId, metadata: {} };
      const copy = await other.storage.threads.copy(named.id, to, WHOLE_HOUSE);
      expect(copy?.ttl).toMatchObject(HOUR);

      const stateless = await other.make.run({ spec: { temporary: true } });
      const { rows } = await other.pool.query("SELECT expires_at FROM threads WHERE thread_id = $1", [
        stateless.threadId,
      ]);
      expect(rows).toEqual([{ expires_at: null }]);
    } finally {
      await other.close();
    }
  });
});
