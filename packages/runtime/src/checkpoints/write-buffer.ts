import {
  type CheckpointBatch,
  type CheckpointRepository,
  type Claim,
  LeaseLost,
  type ThreadId,
  type WriteRow,
} from "@graphfleet/domain";

export type Rows = Partial<Omit<CheckpointBatch, "threadId">>;

/** A batch stops growing at this many bytes, so that one statement never locks rows for long. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Gathers rows while the previous batch is on its way, so that a run costs few round trips instead of one per row.
 *
 * At most one batch is in flight, and batches go in the order in which rows came: what is in the database is always a
 * beginning of what the graph did. After a failure nothing more is written; everything that waits fails with it.
 */
export class WriteBuffer {
  readonly #checkpoints: CheckpointRepository;
  readonly #claim: Claim | null;
  readonly #told: () => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  readonly #queue: OpenBatch[] = [];
  #running: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(parts: {
    readonly checkpoints: CheckpointRepository;
    readonly claim: Claim | null;
    /** Resolves when readers can have what the graph said so far: see `GraphIo`. */
    readonly told: () => Promise<void>;
    readonly onFailure: (error: unknown) => void;
  }) {
    this.#checkpoints = parts.checkpoints;
    this.#claim = parts.claim;
    this.#told = parts.told;
    this.#onFailure = parts.onFailure;
  }

  /** Why writing stopped, if it did. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure;
  }

  /** @returns a promise that settles when the rows are in the database. It may be ignored; `flush` reports failures. */
  add(threadId: ThreadId, rows: Rows): Promise<void> {
    let batch = this.#queue.at(-1);
    if (!batch || batch.threadId !== threadId || batch.bytes > BATCH_BYTES_MAX) {
      batch = new OpenBatch(threadId);
      this.#queue.push(batch);
    }
    batch.add(rows);
    this.#running ??= this.#run();
    return batch.written;
  }

  /** Resolves when everything added so far is in the database. @throws the reason why it is not. */
  async flush(): Promise<void> {
    while (this.#running) await this.#running;
    if (this.#failure) throw this.#failure.error;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // One turn of the event loop: a step's writes and its checkpoint arrive together, and what the graph said of the
      // step has gone through the library's streams.
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#queue.shift();
      if (!batch) break;
      // Closed before it waits: rows that come meanwhile belong to events that are not waited for.
      const rows = batch.close();
      await this.#told();
      await this.#write(batch, rows);
    }
    this.#running = null;
  }

  async #write(batch: OpenBatch, rows: CheckpointBatch): Promise<void> {
    if (this.#failure) return batch.fail(this.#failure.error);
    try {
      const ours = await this.#checkpoints.write(rows, this.#claim);
      if (!ours) throw new LeaseLost(this.#claim?.runId ?? "");
      batch.succeed();
    } catch (error) {
      this.#failure = { error };
      batch.fail(error);
      this.#onFailure(error);
    }
  }
}

/** Rows of one statement. A row that comes twice is kept once, as the database would after both. */
export class OpenBatch {
  readonly threadId: ThreadId;
  readonly written: Promise<void>;
  succeed!: () => void;
  fail!: (error: unknown) => void;
  bytes = 0;
  readonly #checkpoints = new Map<string, CheckpointBatch["checkpoints"][number]>();
  readonly #blobs = new Map<string, CheckpointBatch["blobs"][number]>();
  readonly #writes = new Map<string, WriteRow>();

  constructor(threadId: ThreadId) {
    this.threadId = threadId;
    this.written = new Promise<void>((resolve, reject) => {
      this.succeed = resolve;
      this.fail = reject;
    });
    // Not everybody waits for every batch; the failure is reported by flush.
    this.written.catch(() => undefined);
  }

  add(rows: Rows): void {
    for (const row of rows.checkpoints ?? []) this.#checkpoints.set(key(row.ns, row.checkpointId), row);
    for (const row of rows.blobs ?? []) {
      const id = key(row.ns, row.channel, row.version);
      if (!this.#blobs.has(id)) this.#blobs.set(id, row);
      this.bytes += row.bytes?.byteLength ?? 0;
    }
    for (const row of rows.writes ?? []) {
      addWrite(this.#writes, key(row.ns, row.checkpointId, row.taskId, String(row.idx)), row);
      this.bytes += row.bytes.byteLength;
    }
  }

  close(): CheckpointBatch {
    return {
      threadId: this.threadId,
      checkpoints: [...this.#checkpoints.values()],
      blobs: [...this.#blobs.values()],
      writes: [...this.#writes.values()],
    };
  }
}

/** Special writes replace what is there; of ordinary ones the first stays. */
export function addWrite(writes: Map<string, WriteRow>, id: string, row: WriteRow): void {
  if (row.replace || !writes.has(id)) writes.set(id, row);
}

const key = (...parts: readonly string[]) => parts.join("\n");
