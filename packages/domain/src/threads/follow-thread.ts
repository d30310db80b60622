import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import type { Scope } from "../auth/scope.js";
import { threadNotFound } from "../errors.js";
import type { RunId, ThreadId } from "../ids.js";
import { isTerminal } from "../runs/run.js";
import { END, OPEN, type RunEnd, type StreamBus, type TapeEntry } from "../runs/tape.js";
import type { Storage } from "../storage.js";
import { unlessAway } from "../unless-away.js";

/** Something that happened on a thread. `seq` grows along the thread. */
export type ThreadNews =
  | { readonly kind: "event"; readonly seq: number; readonly entry: TapeEntry }
  | { readonly kind: "run_ended"; readonly seq: number; readonly runId: RunId; readonly status: RunEnd["status"] };

export interface FollowThreadDeps {
  readonly storage: Pick<Storage, "threads" | "runs">;
  readonly authorizer: Authorizer;
  readonly bus: Pick<StreamBus, "read">;
}

/** Reading what happens on a thread, run after run. */
export function makeFollowThread({ storage, authorizer, bus }: FollowThreadDeps) {
  return {
    /**
     * Where a reader begins, and what it may see: behind the number it names, at the oldest entry for -1, and without one (null) at the run
     * in flight, if any.
     *
     * @throws DomainError `thread_not_found`.
     */
    async threadReadingPoint(
      id: ThreadId,
      after: number | null,
      caller: Caller,
    ): Promise<{ readonly after: number; readonly scope: Scope }> {
      const { scope } = await authorizer.authorize(caller, "threads:read", { thread_id: id });
      const thread = await storage.threads.peek(id, scope);
      if (thread === null) throw threadNotFound(id);
      return { after: after ?? thread.streamSeq, scope };
    },

    /**
     * Reads the thread's tape until `signal` aborts or the scope has no such thread any more: it is gone, or became
     * somebody else's.
     *
     * The end of a run may be missing on the tape: nobody was there to write it, or it was lost. Then the ledger tells
     * it. A worker writes the ledger first and the tape's last page a moment later, so the page gets until the next idle
     * tick to come. Its number was reserved, and is the end's number either way. A ledger that is away is asked again at
     * the next tick.
     */
    async *followThread(
      id: ThreadId,
      { after, scope, signal }: { readonly after: number; readonly scope: Scope; readonly signal: AbortSignal },
    ): AsyncGenerator<ThreadNews> {
      const speaking = new Set<RunId>();
      const overdue = new Set<RunId>();
      const toldByLedger = new Set<RunId>();
      let seq = after;
      for await (const heard of bus.read(id, { after, signal })) {
        if (heard.kind === "entry") {
          const { entry } = heard;
          const { runId } = entry;
          seq = entry.seq;
          if (runId === null) yield { kind: "event", seq, entry };
          else if (entry.event === END) {
            speaking.delete(runId);
            overdue.delete(runId);
            if (toldByLedger.delete(runId)) continue;
            yield { kind: "run_ended", seq, runId, status: (JSON.parse(entry.data) as RunEnd).status };
          } else {
            speaking.add(runId);
            if (entry.event !== OPEN) yield { kind: "event", seq, entry };
          }
        } else {
          for (const runId of speaking) {
            const status = await unlessAway(endOf(runId), null);
            if (status === null) continue;
            if (heard.kind === "poke" || !overdue.delete(runId)) {
              overdue.add(runId);
              continue;
            }
            speaking.delete(runId);
            toldByLedger.add(runId);
            seq += 1;
            yield { kind: "run_ended", seq, runId, status };
          }
          if ((await unlessAway(storage.threads.peek(id, scope), undefined)) === null) return;
        }
      }
    },
  };

  /** Null while the run goes on. A row that is gone was rolled back, or went with its thread. */
  async function endOf(runId: RunId): Promise<RunEnd["status"] | null> {
    const run = await storage.runs.find(runId);
    if (run === null) return "rolled_back";
    return isTerminal(run.status) ? run.status : null;
  }
}

export type FollowThread = ReturnType<typeof makeFollowThread>;
