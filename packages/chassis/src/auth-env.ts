import { Type } from "@sinclair/typebox";

/** The variable of whoever asks the project's auth; a process spreads it into its own schema. */
export const AuthEnv = {
  GRAPHFLEET_AUTH_TIMEOUT_SECS: Type.Number({
    exclusiveMinimum: 0,
    default: 10,
    description:
      "Seconds that a callback of the project's auth may take; then the answer is 504, and a cron's moment is over",
  }),
};
