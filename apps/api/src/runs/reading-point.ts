import { isTerminal, type Run, type StreamBus } from "@graphfleet/domain";

/**
 * Where a reader of a run starts: it gets the events numbered higher than the result.
 *
 * Without `Last-Event-ID` it gets what is on the tape, except of a finished run whose creator has read it all along. With
 * one it goes on behind that event; `-1` is the beginning. An id that is no number, or that this run has not reached (it
 * may be another run's), gives what is new from now on.
 */
export async function readingPoint(
  run: Run,
  lastEventId: string | undefined,
  bus: Pick<StreamBus, "replay">,
): Promise<number> {
  const over = isTerminal(run.status);
  if (lastEventId === undefined || lastEventId === "") return over && run.spec.attached ? NOTHING_OLD : ALL;

  const asked = eventNumberOf(lastEventId);
  if (over || asked === ALL) return asked;
  const reached = await lastEventOf(run, bus);
  if (reached === ALL && asked !== NOTHING_OLD) return asked;
  return Math.min(asked, reached);
}

/** Whether a reader says how far it came, as one does whose connection broke. */
export const saysWhere = (lastEventId: string | undefined): boolean =>
  lastEventId !== undefined && eventNumberOf(lastEventId) !== NOTHING_OLD;

const ALL = -1;
const NOTHING_OLD = Number.MAX_SAFE_INTEGER;

function eventNumberOf(lastEventId: string): number {
  if (lastEventId.trim() === "-1") return ALL;
  return /^\d{1,15}$/.test(lastEventId.trim()) ? Number(lastEventId) : NOTHING_OLD;
}

/** Number of the last event on the tape; -1 when there is none, or the tape cannot be read. */
async function lastEventOf(run: Run, bus: Pick<StreamBus, "replay">): Promise<number> {
  let last = ALL;
  for await (const entry of bus.replay(run.threadId, run.tapeFrom)) {
    if (entry.runId === run.id) last = Math.max(last, entry.n);
  }
  return last;
}
