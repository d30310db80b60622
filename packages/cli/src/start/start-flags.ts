import type { Flags } from "../shell/command.js";

/** The options of `graphfleet start`. */
export const START_FLAGS = {
  role: { type: "string", value: "ROLE", about: "all (default), api, worker or scheduler: what this process is" },
  config: {
    type: "string",
    short: "c",
    value: "PATH",
    about: "langgraph.json or its folder (GRAPHFLEET_CONFIG; default: the current folder's, else the examples)",
  },
  port: { type: "string", short: "p", value: "NUMBER", about: "port of the API (PORT; default 8123)" },
  host: { type: "string", value: "HOST", about: "address of the API (HOST; default 127.0.0.1)" },
  workers: { type: "string", value: "NUMBER", about: "worker processes (WORKERS; default 2)" },
  "data-dir": { type: "string", value: "PATH", about: "where data lives (GRAPHFLEET_DATA_DIR; default .graphfleet)" },
  "one-process": { type: "boolean", about: "no Redis: API, worker and scheduler in one process" },
} as const satisfies Flags;
