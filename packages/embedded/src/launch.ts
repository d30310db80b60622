import { spawn } from "node:child_process";
import { closeSync, fchownSync, openSync, readFileSync } from "node:fs";

import type { Account } from "./account.js";

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the server: nothing of ours leaks into it. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Launched {
  readonly pid: number;
  /** True once the process has ended. */
  hasEnded(): boolean;
}

/**
 * Starts a server that outlives us if we are killed.
 *
 * It gets its own session, so that Ctrl-C in a terminal stops the fleet first and the servers last, and it writes to
 * a file instead of a pipe, because nobody reads the pipe of an orphan. Rejects when it cannot be executed at all.
 */
export function launch(program: Program, cwd: string, logFile: string, account: Account | null): Promise<Launched> {
  const log = openSync(logFile, "w", 0o600);
  if (account !== null) fchownSync(log, account.uid, account.gid);

  return new Promise<Launched>((resolve, reject) => {
    const child = spawn(program.command, program.args, {
      cwd,
      env: program.env,
      detached: true,
      stdio: ["ignore", log, log],
      ...account,
    });
    let ended = false;
    child.on("exit", () => (ended = true));
    child.on("error", reject);
    child.on("spawn", () => {
      child.unref();
      if (child.pid !== undefined) resolve({ pid: child.pid, hasEnded: () => ended });
    });
  }).finally(() => closeSync(log));
}

/** The last lines of a log, for a message about a server that did not start. */
export function lastLines(logFile: string, count: number): string {
  try {
    return readFileSync(logFile, "utf8").trim().split("\n").slice(-count).join("\n");
  } catch {
    return "";
  }
}
