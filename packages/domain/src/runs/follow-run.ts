import type { RunId } from "../ids.js";
import type { Storage } from "../storage.js";
import { unlessAway } from "../unless-away.js";
import { type Run, type TerminalStatus, isTerminal } from "./run.js";
import { END, OPEN, type RunEnd, type StreamBus, type TapeEntry } from "./tape.js";

export interface FollowOptions {
  /** Only events numbered higher than this; -1 for all. */
  readonly afterEvent: number;
  readonly signal: AbortSignal;
}

/** How a run that was followed ended. `end` is absent when only the ledger knew. */
export interface FollowedEnd {
  readonly status: TerminalStatus | "rolled_back";
  readonly end: RunEnd | null;
}

export interface FollowDeps {
  readonly storage: Pick<Storage, "runs">;
  readonly bus: StreamBus;
}

/**
 * Reads a run's events from the tape until it ends.
 *
 * The last page is the tape's `end` entry. It may never come: the run ended without a worker (cancelled while it waited,
 * reaped), or the tape was lost. So each poke and each idle tick asks the ledger, and once the ledger says the run is
 * over, what is left on the tape is read and the stream ends. All events are on the tape before the ledger says so.
 * A ledger that is away is asked again at the next tick.
 */
export function makeFollowRun({ storage, bus }: FollowDeps) {
  return async function* followRun(
    run: Run,
    { afterEvent, signal }: FollowOptions,
  ): AsyncGenerator<TapeEntry, FollowedEnd | null> {
    let seq = run.tapeFrom;

    if (!isTerminal(run.status)) {
      for await (const heard of bus.read(run.threadId, { after: seq, signal })) {
        if (heard.kind === "entry") {
          seq = heard.entry.seq;
          if (heard.entry.runId !== run.id) continue;
          if (heard.entry.event === END) return endOf(heard.entry);
          if (isWanted(heard.entry, afterEvent)) yield heard.entry;
        } else if ((await unlessAway(statusNow(run.id), null)) !== null) {
          break;
        }
      }
    }
    if (signal.aborted) return null;

    for await (const entry of bus.replay(run.threadId, seq)) {
      if (entry.runId !== run.id) continue;
      if (entry.event === END) return endOf(entry);
      if (isWanted(entry, afterEvent)) yield entry;
    }
    return { status: (await statusNow(run.id)) ?? "interrupted", end: null };
  };

  /** How the run ended, or null while it goes on. A row that is gone was rolled back. */
  async function statusNow(runId: RunId): Promise<FollowedEnd["status"] | null> {
    const run = await storage.runs.find(runId);
    if (run === null) return "rolled_back";
    return isTerminal(run.status) ? run.status : null;
  }
}

export type FollowRun = ReturnType<typeof makeFollowRun>;

const isWanted = (entry: TapeEntry, afterEvent: number): boolean => entry.event !== OPEN && entry.n > afterEvent;

function endOf(entry: TapeEntry): FollowedEnd {
  const end = JSON.parse(entry.data) as RunEnd;
  return { status: end.status, end };
}
