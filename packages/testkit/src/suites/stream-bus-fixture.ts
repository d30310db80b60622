import type { StreamBus, TapeBounds, TapeLosses } from "@graphfleet/domain";

/** What the suite needs: `writer` and `reader` may be two processes' views of one tape. */
export interface StreamBusFixture {
  readonly writer: StreamBus;
  readonly reader: StreamBus;
  /** Threads that are read through `reader`. */
  watching(): number;
  close(): Promise<void>;
}

export interface StreamBusSetup extends Partial<TapeBounds & TapeLosses> {
  readonly idleMs: number;
}

/** Opens a bus that the suite closes after the test. */
export type OpenBus = (setup?: Partial<StreamBusSetup>) => Promise<StreamBusFixture>;
