import type { RunId, TapeEntry, ThreadId } from "@graphfleet/domain";

/** The braces are a hash tag: all that belongs to a thread lives on one node of a cluster. */
export const tapeKey = (keyPrefix: string, threadId: ThreadId): string => `${keyPrefix}tape:{${threadId}}`;

/** Where readers of a thread are woken: by the last number written, or by `POKE`. */
export const wakeChannel = (keyPrefix: string, threadId: ThreadId): string => `${keyPrefix}wake:{${threadId}}`;

export const POKE = "poke";

/** A stream entry as ioredis gives it: id, then names and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]];

export const idOf = (seq: number): string => `${seq}-0`;
export const seqOf = (id: string): number => Number(id.slice(0, id.indexOf("-")));

export function toFields(entry: TapeEntry): string[] {
  return [
    "run",
    entry.runId ?? "",
    "n",
    String(entry.n),
    "attempt",
    String(entry.attempt),
    "event",
    entry.event,
    "ns",
    entry.ns.length === 0 ? "" : JSON.stringify(entry.ns),
    "at",
    String(entry.at),
    "data",
    entry.data,
  ];
}

export function toEntry([id, fields]: StreamEntry): TapeEntry {
  const value: Record<string, string> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) value[fields[i] as string] = fields[i + 1] as string;
  const { run = "", n = "-1", attempt = "0", event = "", ns = "", at = "0", data = "null" } = value;
  return {
    seq: seqOf(id),
    // What was written here came from a run, or from none.
    runId: run === "" ? null : (run as RunId),
    n: Number(n),
    attempt: Number(attempt),
    event,
    ns: ns === "" ? [] : (JSON.parse(ns) as string[]),
    at: Number(at),
    data,
  };
}
