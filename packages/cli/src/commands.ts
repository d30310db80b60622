import { DEV_FLAGS } from "./dev/dev-flags.js";
import type { Command, Flag } from "./shell/command.js";
import { START_FLAGS } from "./start/start-flags.js";

// What can be said, in the order in which a person needs it. The work is imported when it is asked for, so that --help is quick.

const CONFIG: Flag = {
  type: "string",
  short: "c",
  value: "PATH",
  about: "langgraph.json or its folder (GRAPHFLEET_CONFIG; default: the current folder)",
};
const JSON_OUT: Flag = { type: "boolean", about: "answer as JSON" };

export const COMMANDS: readonly Command[] = [
  {
    name: "new",
    summary: "Makes a project that runs without an API key.",
    operands: "[path]",
    maxOperands: 1,
    flags: {
      template: { type: "string", short: "t", value: "NAME", about: "agent (default) or minimal" },
      json: JSON_OUT,
    },
    run: async (input, io) => await (await import("./new/new-project.js")).newProject(input, io),
  },
  {
    name: "dev",
    summary: "Serves a project on this machine and reloads when you save.",
    flags: DEV_FLAGS,
    notes: `Needs no servers: a private Postgres keeps the data (DATABASE_URI names one of yours), no Redis is used. Watched are
langgraph.json, its env file, and .js, .ts and .json files of the project's folder, except node_modules and hidden folders.
A save that cannot be loaded is told with file and line, and what worked before is still served.`,
    run: async (input, io) => await (await import("./dev/dev.js")).dev(input, io),
  },
  {
    name: "start",
    summary: "Starts the whole fleet on this machine, or one process of it.",
    flags: START_FLAGS,
    notes: `DATABASE_URI and REDIS_URI name servers of your own; without them private ones are started.
N_JOBS_PER_WORKER (default 10) bounds the runs that one worker executes at once.
--role api, worker or scheduler runs that one process on your servers: for containers and service managers.`,
    run: async (input, io) => await (await import("./start/start.js")).startRole(input, io),
  },
  {
    name: "migrate",
    summary: "Brings the database of DATABASE_URI up to date.",
    flags: { status: { type: "boolean", about: "only tell what is applied and what is missing" } },
    run: async () => await (await import("./start/role.js")).becomeMigrate(),
  },
  {
    name: "validate",
    summary: "Tells whether langgraph.json is right.",
    flags: { config: CONFIG, load: { type: "boolean", about: "load the graphs, too" }, json: JSON_OUT },
    notes: "Exit code 1 when something is wrong; warnings stop nobody.",
    run: async (input, io) => await (await import("./validate/validate.js")).validate(input, io),
  },
  {
    name: "doctor",
    summary: "Looks at Postgres, Redis, Node and the project, and says what to mend.",
    flags: {
      config: CONFIG,
      "no-load": { type: "boolean", about: "do not load the graphs" },
      apis: { type: "string", value: "NUMBER", about: "API processes that you plan (default 1)" },
      workers: { type: "string", value: "NUMBER", about: "worker processes that you plan (WORKERS; default 2)" },
      schedulers: { type: "string", value: "NUMBER", about: "schedulers that you plan (default 1)" },
      json: JSON_OUT,
    },
    notes: `Looks at the servers of DATABASE_URI and REDIS_URI, and changes nothing. The planned processes tell how many
connections the database must allow. Exit code 1 when something fails.`,
    run: async (input, io) => await (await import("./doctor/doctor.js")).doctor(input, io),
  },
];
