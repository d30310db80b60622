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
const BASE_IMAGE: Flag = {
  type: "string",
  value: "IMAGE",
  about: "image to build upon (langgraph.json: base_image; default: this version's)",
};
const INSTALL: Flag = {
  type: "string",
  value: "COMMAND",
  about: "what installs the project's packages in the image (default: by its lockfile)",
};
const BUILD: Flag = { type: "string", value: "COMMAND", about: "what is run in the image after that" };
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
    name: "encrypt",
    summary: "Encrypts what the database of DATABASE_URI keeps with the current key.",
    flags: {
      config: CONFIG,
      batch: { type: "string", value: "NUMBER", about: "rows that are read at once (default 200)" },
      from: { type: "string", value: "PLACE", about: "go on where an earlier one stopped, as it said" },
      json: JSON_OUT,
    },
    notes: `For what is still plain, and for what an older key encrypted: afterwards that key can be dropped. The fleet may go on
meanwhile, with the same settings. It may be stopped and repeated at any time. With GRAPHFLEET_ENCRYPTION_MODE=read it
decrypts everything.`,
    run: async (input, io) => await (await import("./encrypt/encrypt.js")).encrypt(input, io),
  },
  {
    name: "validate",
    summary: "Tells whether langgraph.json is right.",
    flags: {
      config: CONFIG,
      load: { type: "boolean", about: "load all that it names, too: graphs, auth, encryption, app, embedder" },
      json: JSON_OUT,
    },
    notes: "Exit code 1 when something is wrong; warnings stop nobody.",
    run: async (input, io) => await (await import("./validate/validate.js")).validate(input, io),
  },
  {
    name: "doctor",
    summary: "Looks at Postgres, Redis, Node and the project, and says what to mend.",
    flags: {
      config: CONFIG,
      "no-load": { type: "boolean", about: "load nothing of the project" },
      apis: { type: "string", value: "NUMBER", about: "API processes that you plan (default 1)" },
      workers: { type: "string", value: "NUMBER", about: "worker processes that you plan (WORKERS; default 2)" },
      schedulers: { type: "string", value: "NUMBER", about: "schedulers that you plan (default 1)" },
      json: JSON_OUT,
    },
    notes: `Looks at the servers of DATABASE_URI and REDIS_URI, and changes nothing. The planned processes tell how many
connections the database must allow. Exit code 1 when something fails.`,
    run: async (input, io) => await (await import("./doctor/doctor.js")).doctor(input, io),
  },
  {
    name: "dockerfile",
    summary: "Writes a Dockerfile for the project.",
    operands: "<path|->",
    maxOperands: 1,
    flags: {
      config: CONFIG,
      "add-docker-compose": {
        type: "boolean",
        about: "also docker-compose.yml, .dockerignore and .env, beside langgraph.json",
      },
      "base-image": BASE_IMAGE,
      "install-command": INSTALL,
      "build-command": BUILD,
      "api-version": { type: "string" },
      "engine-runtime-mode": { type: "string" },
    },
    notes: "Heeds node_version, base_image, dockerfile_lines and env of langgraph.json.",
    run: async (input, io) => await (await import("./image/write-dockerfile.js")).writeDockerfile(input, io),
  },
  {
    name: "build",
    summary: "Builds the project's image. Needs Docker.",
    operands: "[-- docker options]",
    takesRest: true,
    flags: {
      tag: { type: "string", short: "t", value: "NAME", about: "name of the image" },
      config: CONFIG,
      "base-image": BASE_IMAGE,
      "install-command": INSTALL,
      "build-command": BUILD,
      "no-pull": { type: "boolean", about: "do not look for a newer base image" },
      "api-version": { type: "string" },
      "engine-runtime-mode": { type: "string" },
    },
    run: async (input, io) => await (await import("./image/build-and-up.js")).build(input, io),
  },
  {
    name: "up",
    summary: "Runs the whole fleet in containers. Needs Docker Compose.",
    flags: {
      config: CONFIG,
      port: { type: "string", short: "p", value: "NUMBER", about: "port of the API (default 8123)" },
      "docker-compose": { type: "string", short: "d", value: "FILE", about: "a compose file to add" },
      "postgres-uri": { type: "string", value: "URI", about: "a Postgres of your own, as containers reach it" },
      "base-image": BASE_IMAGE,
      "install-command": INSTALL,
      "build-command": BUILD,
      recreate: { type: "boolean", about: "make every container anew" },
      "no-pull": { type: "boolean", about: "do not look for images that are not here" },
      wait: { type: "boolean", about: "return when everything is healthy" },
      watch: { type: "boolean" },
      verbose: { type: "boolean" },
      "debugger-port": { type: "string" },
      "debugger-base-url": { type: "string" },
      "api-version": { type: "string" },
      "engine-runtime-mode": { type: "string" },
    },
    run: async (input, io) => await (await import("./image/build-and-up.js")).up(input, io),
  },
  {
    name: "keys",
    summary: "Makes, lists and removes API keys for projects without auth of their own.",
    operands: "new <name> | hash <name> | list | remove <digest>",
    maxOperands: 3,
    flags: {
      file: { type: "string", short: "f", value: "PATH", about: "file of keys to change (GRAPHFLEET_API_KEYS_FILE)" },
      json: JSON_OUT,
    },
    notes: `new makes a key; hash reads one of yours from standard input. Without a file they show the entry for GRAPHFLEET_API_KEYS.
list shows names and how digests begin, which is how remove wants them.`,
    run: async (input, io) => await (await import("./keys/keys.js")).keys(input, io),
  },
  {
    name: "sysinfo",
    summary: "Tells versions, for reports of problems.",
    flags: { json: JSON_OUT },
    run: async (input, io) => await (await import("./sysinfo/sysinfo.js")).sysinfo(input, io),
  },
];
