import { execFile } from "node:child_process";

import type { Account } from "./account.js";

/** Servers and the tools around them see only this. */
export const BARE_ENV: Readonly<Record<string, string>> = { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C" };

export interface Captured {
  /** Null when it could not be executed, or was ended by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  /** One line that says why it failed; empty when it did not. */
  readonly reason: string;
}

export interface CaptureOptions {
  readonly cwd?: string;
  /** Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly account?: Account | null;
  readonly signal?: AbortSignal;
}

/** Runs a command to its end and reports; never rejects. */
export function capture(command: string, args: readonly string[], options: CaptureOptions = {}): Promise<Captured> {
  const { account, ...rest } = options;
  return new Promise((resolve) => {
    execFile(command, args, { ...rest, ...account, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error === null) return resolve({ code: 0, stdout, reason: "" });
      const code = typeof error.code === "number" ? error.code : null;
      resolve({ code, stdout, reason: options.signal?.aborted ? "it took too long" : failureLine(stderr, error) });
    });
  });
}

/** The full path of a command on PATH. */
export async function which(name: string): Promise<string | null> {
  const { code, stdout } = await capture("/bin/sh", ["-c", 'command -v "$1"', "sh", name]);
  const path = stdout.trim();
  return code === 0 && path.startsWith("/") ? path : null;
}

function failureLine(stderr: string, error: Error): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const line = lines.find((it) => /^(E:|.*\berror\b)/i.test(it)) ?? lines.findLast((it) => it !== "");
  return line ?? error.message.split("\n")[0] ?? "it failed";
}
