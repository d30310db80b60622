import type { Log } from "@graphfleet/domain";

const nothing = (): void => undefined;

/** For tests that are not about logging. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
