import type { Flags } from "../shell/command.js";

/** The options of `graphfleet dev`: the official ones, and what else they know is accepted. */
export const DEV_FLAGS = {
  config: {
    type: "string",
    short: "c",
    value: "PATH",
    about: "langgraph.json or its folder (GRAPHFLEET_CONFIG; default: the current folder)",
  },
  port: { type: "string", short: "p", value: "NUMBER", about: "port of the API (PORT; default 8123)" },
  host: { type: "string", short: "h", value: "HOST", about: "address of the API (HOST; default 127.0.0.1)" },
  "n-jobs-per-worker": {
    type: "string",
    short: "n",
    value: "NUMBER",
    about: "runs that execute at once (N_JOBS_PER_WORKER; default 10)",
  },
  "no-reload": { type: "boolean", about: "do not watch the sources" },
  browser: { type: "boolean", about: "open the API's page in a browser" },
  "data-dir": { type: "string", value: "PATH", about: "where data lives (default .graphfleet beside langgraph.json)" },
  "no-browser": { type: "boolean" },
  tunnel: { type: "boolean" },
  "allow-blocking": { type: "boolean" },
  "wait-for-client": { type: "boolean" },
  "debug-port": { type: "string" },
  "studio-url": { type: "string" },
  "server-log-level": { type: "string" },
  "ssl-certfile": { type: "string" },
  "ssl-keyfile": { type: "string" },
} as const satisfies Flags;
