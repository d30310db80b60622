import { setMaxListeners } from "node:events";

/** How a stopping API takes leave: three moments, each a signal that aborts. */
export interface Stopping {
  /** It was told to stop. `/ok` says so and answers close their connections, but requests are still taken. */
  readonly leaving: AbortSignal;
  /** Streams end, so that their clients go on where they were, elsewhere. */
  readonly streams: AbortSignal;
  /** Requests that wait for a run are cut: they have no place to go on from, so they were given time. */
  readonly waits: AbortSignal;
}

export interface Stages extends Stopping {
  leave(): void;
  endStreams(): void;
  endWaits(): void;
}

export function makeStages(): Stages {
  const [leaving, streams, waits] = [new AbortController(), new AbortController(), new AbortController()];
  // Every open response listens to one, and there may be thousands.
  setMaxListeners(0, leaving.signal, streams.signal, waits.signal);
  return {
    leaving: leaving.signal,
    streams: streams.signal,
    waits: waits.signal,
    leave: () => leaving.abort(),
    endStreams: () => streams.abort(),
    endWaits: () => waits.abort(),
  };
}
