import { type Static, Type } from "@sinclair/typebox";

const MEGABYTE = 1024 * 1024;

/** How much a thread's tape may hold; a process that writes tapes spreads these into its own schema. */
export const TapeEnv = {
  TAPE_MAX_BYTES: Type.Integer({
    minimum: MEGABYTE,
    default: 64 * MEGABYTE,
    description: "Bytes that the events of a thread may take in Redis, about; beyond it the oldest go",
  }),
  TAPE_MAX_EVENT_BYTES: Type.Integer({
    minimum: 1024,
    default: 32 * MEGABYTE,
    description: "Largest event in bytes that is streamed; a larger one is left out, and its run goes on",
  }),
};

const Schema = Type.Object(TapeEnv);

/** Reads `TapeEnv` values as the bounds of a stream bus. */
export const tapeBounds = (env: Static<typeof Schema>) => ({
  maxBytes: env.TAPE_MAX_BYTES,
  maxEntryBytes: env.TAPE_MAX_EVENT_BYTES,
});
