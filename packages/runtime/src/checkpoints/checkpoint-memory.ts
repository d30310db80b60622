import type { BlobRow, CheckpointRow, WriteRow } from "@graphfleet/domain";
import { addWrite } from "./write-buffer.js";

/** A checkpoint as the database holds it: header, serialised values, pending writes. */
export interface StoredCheckpoint {
  readonly row: CheckpointRow;
  /** By channel. */
  readonly values: ReadonlyMap<string, BlobRow>;
  /** By task and index. */
  readonly writes: Map<string, WriteRow>;
}

interface Namespace {
  /** Newest checkpoint; null = there is none; undefined = not known. */
  head: string | null | undefined;
  readonly stored: Map<string, StoredCheckpoint>;
  /** Writes for checkpoints whose header has not come yet. */
  readonly early: Map<string, Map<string, WriteRow>>;
}

/** Namespaces of subgraphs that are remembered at once; the graph's own is never forgotten. */
const NAMESPACES_MAX = 32;

/**
 * What one saver knows for certain of what the database holds, kept as serialised bytes: a value read from here goes
 * through the same deserialisation as one read by SQL, so nobody can tell the difference. Whatever is not certain is
 * not here. It is certain because one saver is the only writer of its thread while it works.
 */
export class CheckpointMemory {
  readonly #namespaces = new Map<string, Namespace>();
  /** Keeps every checkpoint, for a saver whose writes nobody else can read. */
  readonly #keepAll: boolean;

  constructor(keepAll: boolean) {
    this.#keepAll = keepAll;
  }

  /** The newest checkpoint of a namespace; null when there is none; undefined when it must be looked up. */
  head(thread: string, ns: string): StoredCheckpoint | null | undefined {
    const space = this.#namespaces.get(name(thread, ns));
    if (space?.head === null) return null;
    return space?.head === undefined ? undefined : space.stored.get(space.head);
  }

  find(thread: string, ns: string, checkpointId: string): StoredCheckpoint | undefined {
    return this.#namespaces.get(name(thread, ns))?.stored.get(checkpointId);
  }

  /** Takes what a query found. `isHead` when the query asked for the newest. */
  learn(thread: string, ns: string, found: StoredCheckpoint | null, isHead: boolean): void {
    const space = this.#space(thread, ns);
    if (found) space.stored.set(found.row.checkpointId, found);
    if (isHead) space.head = found?.row.checkpointId ?? null;
  }

  /** Takes a checkpoint that is being written, together with its changed values. */
  remember(thread: string, row: CheckpointRow, changed: ReadonlyMap<string, BlobRow>): void {
    const space = this.#space(thread, row.ns);
    const known = space.stored.get(row.checkpointId);
    const values = wholeValues(row, changed, (known ?? this.#parent(space, row))?.values);
    const writes = known?.writes ?? space.early.get(row.checkpointId) ?? new Map<string, WriteRow>();
    space.early.delete(row.checkpointId);
    if (!this.#keepAll) space.stored.clear();
    if (!values) {
      // It refers to a value we have not seen; the database knows.
      space.stored.delete(row.checkpointId);
      space.head = undefined;
      return;
    }
    // A checkpoint that is written again keeps the parent it had.
    const parentId = known ? known.row.parentId : row.parentId;
    space.stored.set(row.checkpointId, { row: { ...row, parentId }, values, writes });
    space.head = row.checkpointId;
  }

  rememberWrites(thread: string, ns: string, checkpointId: string, rows: readonly WriteRow[]): void {
    const space = this.#space(thread, ns);
    let writes = space.stored.get(checkpointId)?.writes ?? space.early.get(checkpointId);
    if (!writes) {
      writes = new Map();
      space.early.set(checkpointId, writes);
    }
    for (const row of rows) addWrite(writes, `${row.taskId}\n${row.idx}`, row);
  }

  #parent(space: Namespace, row: CheckpointRow): StoredCheckpoint | undefined {
    return row.parentId === null ? undefined : space.stored.get(row.parentId);
  }

  #space(thread: string, ns: string): Namespace {
    const id = name(thread, ns);
    let space = this.#namespaces.get(id);
    if (space) return space;

    space = { head: undefined, stored: new Map(), early: new Map() };
    this.#namespaces.set(id, space);
    if (!this.#keepAll && this.#namespaces.size > NAMESPACES_MAX) this.#forgetOldest();
    return space;
  }

  #forgetOldest(): void {
    for (const id of this.#namespaces.keys()) {
      if (id.endsWith(ROOT)) continue;
      this.#namespaces.delete(id);
      return;
    }
  }
}

const ROOT = "\n";
const name = (thread: string, ns: string) => `${thread}\n${ns}`;

/** The values of all channels of a checkpoint, or null when one of them is not at hand. */
function wholeValues(
  row: CheckpointRow,
  changed: ReadonlyMap<string, BlobRow>,
  before: ReadonlyMap<string, BlobRow> | undefined,
): ReadonlyMap<string, BlobRow> | null {
  const versions = (row.checkpoint["channel_versions"] ?? {}) as Readonly<Record<string, number | string>>;
  const values = new Map<string, BlobRow>();
  for (const [channel, version] of Object.entries(versions)) {
    const blob = changed.get(channel) ?? before?.get(channel);
    if (blob?.version !== String(version)) return null;
    values.set(channel, blob);
  }
  return values;
}
