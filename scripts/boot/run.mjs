import { spawn } from "node:child_process";
import { constants } from "node:os";

/** Ctrl-C reaches us from the terminal and once more through npm, a few milliseconds apart: that is one press. */
const SAME_PRESS_MS = 500;

/**
 * Runs a command to its end and collects what it says. Never rejects: a command that cannot be executed has code null.
 * @returns {Promise<{ code: number | null, output: string }>}
 */
export function runQuietly(command, args, options) {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ code: null, output: error.message }));
    child.on("close", (code) => resolve({ code, output }));
  });
}

/**
 * Runs a command on our terminal; resolves to its exit code.
 *
 * It has its own process group, so that a Ctrl-C comes to it through us alone, once per press: programs that stop
 * gracefully take a second signal for impatience. The IPC channel is there to be closed when we are killed hard; a
 * child that listens for `disconnect` can stop then, and one that does not is not disturbed.
 */
export function runAttached(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, detached: true, stdio: ["inherit", "inherit", "inherit", "ipc"] });
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));

    let last = { signal: "", at: 0 };
    const forward = (signal) => {
      const now = Date.now();
      const samePress = signal === last.signal && now - last.at < SAME_PRESS_MS;
      last = { signal, at: now };
      if (!samePress) child.kill(signal);
    };
    process.on("SIGINT", () => forward("SIGINT"));
    process.on("SIGTERM", () => forward("SIGTERM"));
    // The terminal was closed: the same to us as being asked to stop.
    process.on("SIGHUP", () => forward("SIGTERM"));
  });
}
