import type { StreamBus } from "@graphfleet/domain";

/** One attempt of a run, as its tape is opened for it. */
export type Attempt = Parameters<StreamBus["open"]>[0];
