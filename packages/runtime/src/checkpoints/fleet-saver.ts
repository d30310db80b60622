import type {
  BlobRow,
  CheckpointBatch,
  CheckpointRepository,
  CheckpointRow,
  Claim,
  ThreadId,
  WriteRow,
} from "@graphfleet/domain";
import {
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  type PendingWrite,
  type SerializerProtocol,
  WRITES_IDX_MAP,
} from "@langchain/langgraph-checkpoint";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import type { RunnableConfig } from "@langchain/core/runnables";
import type pg from "pg";
import { CheckpointMemory, type StoredCheckpoint } from "./checkpoint-memory.js";
import { checkpointMetadata } from "./checkpoint-metadata.js";
import { loadCheckpoint, loadHeadWithout } from "./checkpoint-query.js";
import { ledgerError, reading } from "./ledger-outage.js";
import { OpenBatch, type Rows, WriteBuffer } from "./write-buffer.js";

/**
 * How a saver treats writes: on behalf of a claimed run, held back for someone else to write, or not at all.
 * `awaitWrites` makes each write wait for the database. Otherwise a checkpoint waits for the one before it, so that a
 * graph is at most one step ahead of what is saved, and the last ones are waited for by `flush`.
 */
export type SaverMode =
  | {
      readonly kind: "claimed";
      readonly claim: Claim;
      readonly awaitWrites: boolean;
      /** Awaited before each write: see `GraphIo`. */
      told(): Promise<void>;
      onFailure(error: unknown): void;
    }
  | { readonly kind: "held" }
  | { readonly kind: "read" };

/**
 * The checkpointer of one run, or of one look at a thread: make a new one each time.
 *
 * Tables, serialisation and listing are the official saver's, so its other readers understand what we write. Ours are:
 * writes in guarded batches through the ledger, a memory of what was written last, labels on checkpoints, and version
 * numbers that two branches of a thread never share.
 */
export class FleetSaver extends PostgresSaver {
  readonly #pool: pg.Pool;
  readonly #mode: SaverMode;
  readonly #buffer: WriteBuffer | null;
  readonly #held = new Map<string, OpenBatch>();
  readonly #memory: CheckpointMemory;
  #lastCheckpoint: Promise<void> = Promise.resolve();
  #lastVersion: { readonly current: number | undefined; readonly next: number } | null = null;
  #closed = false;

  /** @param serde of the graph's own library; ours by default */
  constructor(pool: pg.Pool, checkpoints: CheckpointRepository, mode: SaverMode, serde?: SerializerProtocol) {
    super(pool, serde);
    this.#pool = pool;
    this.#mode = mode;
    this.#buffer =
      mode.kind === "claimed"
        ? new WriteBuffer({
            checkpoints,
            claim: mode.claim,
            told: () => mode.told(),
            onFailure: (error) => mode.onFailure(error),
          })
        : null;
    this.#memory = new CheckpointMemory(mode.kind === "held");
    // The library takes the method off the saver, and for subgraphs binds it to nothing.
    this.getNextVersion = this.getNextVersion.bind(this);
  }

  /** Why writing stopped, if it did. */
  get failure(): { readonly error: unknown } | null {
    return this.#buffer?.failure ?? null;
  }

  /** Resolves when all writes are in the database. @throws LeaseLost, or the reason why they are not. */
  async flush(): Promise<void> {
    await this.#buffer?.flush();
  }

  /** Refuses whatever a node that outlived its run still wants to write. */
  close(): void {
    this.#closed = true;
  }

  /** What a saver of mode `held` would have written: one batch per thread. */
  heldBatches(): readonly CheckpointBatch[] {
    return [...this.#held.values()].map((batch) => batch.close());
  }

  /**
   * A version above `current` that no other branch of the thread has given to the same channel.
   *
   * Values are stored once per channel and version, and an existing one is kept. With whole numbers a fork counts on
   * from the same number as the branch it left, and reads that branch's values instead of its own. The fraction is the
   * same for all channels of a step, as comparisons between nodes of a step expect.
   */
  override getNextVersion(current: number | undefined): number {
    if (this.#lastVersion && this.#lastVersion.current === current) return this.#lastVersion.next;
    const next = Math.floor(current ?? 0) + 1 + Math.random();
    this.#lastVersion = { current, next };
    return next;
  }

  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const { thread, ns, checkpointId } = placeOf(config);
    const stored = await this.#read(thread, ns, checkpointId);
    return stored ? this.#toTuple(thread, stored) : undefined;
  }

  override async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    await this.flush();
    try {
      yield* super.list(config, options);
    } catch (error) {
      throw ledgerError(error);
    }
  }

  override put(...args: Parameters<PostgresSaver["put"]>): Promise<RunnableConfig> {
    return heard(this.#put(...args));
  }

  override putWrites(...args: Parameters<PostgresSaver["putWrites"]>): Promise<void> {
    return heard(this.#putWrites(...args));
  }

  async #put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const { thread, ns, checkpointId: parentId } = placeOf(config);
    this.#lastVersion = null;
    const runId = this.#mode.kind === "claimed" ? this.#mode.claim.runId : null;
    const { channel_values: values, ...header } = checkpoint;
    const row: CheckpointRow = {
      ns,
      checkpointId: checkpoint.id,
      parentId,
      checkpoint: header,
      metadata: checkpointMetadata(config, metadata, runId),
    };
    const blobs = await this.#dumpValues(ns, values, newVersions);
    this.#memory.remember(thread, row, new Map(blobs.map((blob) => [blob.channel, blob])));
    await this.#write(thread, { checkpoints: [row], blobs });
    return { configurable: { thread_id: thread, checkpoint_ns: ns, checkpoint_id: checkpoint.id } };
  }

  async #putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string): Promise<void> {
    const { thread, ns, checkpointId } = placeOf(config);
    if (checkpointId === null) throw new Error("Writes need the id of the checkpoint they belong to");
    const replace = writes.every(([channel]) => channel in WRITES_IDX_MAP);
    const rows = await Promise.all(
      writes.map(async ([channel, value], index): Promise<WriteRow> => {
        const [type, bytes] = await this.serde.dumpsTyped(value);
        return { ns, checkpointId, taskId, idx: WRITES_IDX_MAP[channel] ?? index, channel, type, bytes, replace };
      }),
    );
    this.#memory.rememberWrites(thread, ns, checkpointId, rows);
    await this.#write(thread, { writes: rows });
  }

  /** From now on reads the thread as if `checkpointId` were its newest checkpoint. */
  async pretendHead(threadId: ThreadId, checkpointId: string): Promise<void> {
    const stored = await this.#read(threadId, "", checkpointId);
    this.#memory.learn(threadId, "", stored, true);
  }

  /** From now on reads the thread as if the run had written nothing. */
  async pretendWithout(threadId: ThreadId, runId: string): Promise<void> {
    const stored = await reading(() => loadHeadWithout(this.#pool, threadId, runId));
    this.#memory.learn(threadId, "", stored, true);
  }

  async #read(thread: string, ns: string, checkpointId: string | null): Promise<StoredCheckpoint | null> {
    const known = checkpointId === null ? this.#memory.head(thread, ns) : this.#memory.find(thread, ns, checkpointId);
    if (known !== undefined) return known;

    await this.flush();
    const found = await reading(() => loadCheckpoint(this.#pool, thread, ns, checkpointId));
    this.#memory.learn(thread, ns, found, checkpointId === null);
    return found;
  }

  async #toTuple(thread: string, { row, values, writes }: StoredCheckpoint): Promise<CheckpointTuple> {
    const present = [...values.values()].filter((blob) => blob.type !== "empty");
    const channelValues = await Promise.all(
      present.map(async (blob) => [blob.channel, await this.#load(blob.type, blob.bytes)] as const),
    );
    const ordered = [...writes.values()].toSorted(byTaskAndIndex);
    const place = (checkpointId: string) => ({
      configurable: { thread_id: thread, checkpoint_ns: row.ns, checkpoint_id: checkpointId },
    });
    return {
      config: place(row.checkpointId),
      // The header is what we or the official saver wrote: a checkpoint without its values.
      checkpoint: {
        ...(structuredClone(row.checkpoint) as unknown as Omit<Checkpoint, "channel_values">),
        channel_values: Object.fromEntries(channelValues),
      },
      metadata: (await this._loadMetadata(row.metadata)) as CheckpointMetadata,
      ...(row.parentId === null ? {} : { parentConfig: place(row.parentId) }),
      pendingWrites: await Promise.all(
        ordered.map(async (write): Promise<[string, string, unknown]> => [
          write.taskId,
          write.channel,
          await this.#load(write.type, write.bytes),
        ]),
      ),
    };
  }

  async #dumpValues(ns: string, values: Record<string, unknown>, versions: ChannelVersions): Promise<BlobRow[]> {
    return Promise.all(
      Object.entries(versions).map(async ([channel, version]): Promise<BlobRow> => {
        const [type, bytes] = channel in values ? await this.serde.dumpsTyped(values[channel]) : ["empty", null];
        return { ns, channel, version: String(version), type, bytes };
      }),
    );
  }

  #load(type: string, bytes: Uint8Array | null): Promise<unknown> {
    return this.serde.loadsTyped(type, bytes ?? new Uint8Array());
  }

  async #write(thread: string, rows: Rows): Promise<void> {
    // As written, not normalised: a graph may call another graph on a thread that it named itself.
    const threadId = thread as ThreadId;
    if (this.#closed) throw new Error("The run is over; nothing more can be written to its thread");
    switch (this.#mode.kind) {
      case "read":
        throw new Error("This checkpointer only reads");
      case "held": {
        const batch = this.#held.get(threadId) ?? new OpenBatch(threadId);
        this.#held.set(threadId, batch);
        batch.add(rows);
        return;
      }
      case "claimed": {
        const written = this.#buffer?.add(threadId, rows);
        if (this.#mode.awaitWrites || this.failure) await written;
        else if (written && rows.checkpoints) await this.#behindLast(written);
      }
    }
  }

  async #behindLast(written: Promise<void>): Promise<void> {
    const before = this.#lastCheckpoint;
    this.#lastCheckpoint = written;
    await before;
  }
}

/** The engine does not wait for the writes of a run that was stopped, and nobody else does. */
function heard<T>(written: Promise<T>): Promise<T> {
  written.catch(() => {});
  return written;
}

function placeOf(config: RunnableConfig): { thread: string; ns: string; checkpointId: string | null } {
  const configurable = config.configurable ?? {};
  const { thread_id: thread, checkpoint_ns: ns, checkpoint_id: checkpointId } = configurable as Record<string, unknown>;
  if (typeof thread !== "string")
    throw new TypeError("A checkpoint belongs to a thread: configurable.thread_id is missing");
  return {
    thread,
    ns: typeof ns === "string" ? ns : "",
    checkpointId: typeof checkpointId === "string" && checkpointId !== "" ? checkpointId : null,
  };
}

/** The order in which the official saver reads writes. */
function byTaskAndIndex(a: WriteRow, b: WriteRow): number {
  if (a.taskId !== b.taskId) return a.taskId < b.taskId ? -1 : 1;
  return a.idx - b.idx;
}
