import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describeExit } from "../start/child.js";
import type { StartOptions } from "../start/start-options.js";
import type { BrokenGraph, FromServer, ToServer } from "./messages.js";

export interface Loaded {
  readonly graphs: readonly string[];
  readonly broken: readonly BrokenGraph[];
}

/** One generation of the server: the project as it was at one moment. */
export interface Generation {
  /** Rejects with the sentence for the user when the project cannot be served. */
  readonly loaded: Promise<Loaded>;
  /** Resolves when the process is gone; with how it ended. */
  readonly exited: Promise<string>;
  /** Begins to listen. Resolves when it does. */
  serve(): Promise<void>;
  stop(): Promise<void>;
}

export interface LaunchParts {
  readonly options: StartOptions;
  readonly databaseUri: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
}

const SCRIPT = fileURLToPath(new URL("server-main.js", import.meta.url));
/** Requests under way get this long; then the process is killed, and its runs go on when their lease has run out. */
const STOP_MS = 5000;

/** Starts a generation in a process of its own. Ctrl-C does not reach it; it ends when we are killed. */
export function launch({ options, databaseUri, env, write }: LaunchParts): Generation {
  const child = spawn(process.execPath, ["--enable-source-maps", SCRIPT], {
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  child.stdout?.setEncoding("utf8").on("data", write);
  child.stderr?.setEncoding("utf8").on("data", write);

  const exited = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(describeExit({ code, signal })));
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
  });
  const serving = hear(child, exited, (message) => (message.kind === "serving" ? { value: undefined } : null));
  const loaded = hear<Loaded>(child, exited, (message) => (message.kind === "loaded" ? { value: message } : null));
  const tell = (message: ToServer): void => {
    if (child.connected) child.send(message, () => undefined);
  };
  tell({ kind: "load", options, databaseUri });

  return {
    loaded,
    exited,
    async serve() {
      tell({ kind: "serve" });
      await serving;
    },
    async stop() {
      child.kill("SIGTERM");
      const deadline = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await exited;
      clearTimeout(deadline);
    },
  };
}

/** The first message that `pick` takes; rejects with the problem that is told instead, or with how the process ended. */
function hear<T>(
  child: ChildProcess,
  exited: Promise<string>,
  pick: (message: FromServer) => { readonly value: T } | null,
): Promise<T> {
  const heard = new Promise<T>((resolve, reject) => {
    child.on("message", (message: FromServer) => {
      if (message.kind === "problem") reject(new Error(message.message));
      const picked = pick(message);
      if (picked !== null) resolve(picked.value);
    });
    void exited.then((how) => reject(new Error(`The server ${how}; what it said is above.`)));
  });
  heard.catch(() => undefined); // whoever waits for it is told; often nobody does any more
  return heard;
}
