import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { repositoryPath } from "./fleet.js";
import { eventually } from "./wait.js";

/** `graphfleet` as a person uses it: a command, its words, its exit code. */
export class Command {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  /** Standard output and standard error. */
  said = "";
  /** Standard output alone. */
  answer = "";

  constructor(
    args: readonly string[],
    { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
  ) {
    this.child = spawn(process.execPath, [repositoryPath("packages/cli/dist/main.js"), ...args], {
      cwd,
      env: { ...process.env, NODE_OPTIONS: undefined, DATABASE_URI: undefined, REDIS_URI: undefined, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.said += text;
      this.answer += text;
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.said += text;
    });
    this.exited = once(this.child, "close").then(([code]) => code as number | null);
  }

  /** Waits until it says these words, once more than `times` before. */
  async says(words: string, times = 0): Promise<void> {
    const count = () => this.said.split(words).length - 1;
    const failed = this.exited.then((code) => {
      if (count() > times) return;
      throw new Error(`exited with ${code}:\n${this.said}`);
    });
    failed.catch(() => undefined);
    const heard = eventually(
      async () => count(),
      (found) => found > times,
      { withinMs: 90_000 },
    );
    heard.catch(() => undefined);
    await Promise.race([heard, failed]).catch((error: unknown) => {
      throw new Error(`"${words}" was not said:\n${this.said}`, { cause: error });
    });
  }

  async stop(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGINT");
    return await this.exited;
  }
}
