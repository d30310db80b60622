/** A clock that stands still until it is told. */
export interface ManualClock {
  /** Milliseconds since the epoch. */
  now(): number;
  advance(ms: number): void;
}

export function manualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let time = start;
  return {
    now: () => time,
    advance: (ms) => {
      time += ms;
    },
  };
}
