import { type ChildProcess, spawn } from "node:child_process";

export interface ChildSpec {
  /** Shown in front of what it says, and in the log. */
  readonly name: string;
  /** File that Node runs. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A process of the fleet.
 *
 * It runs in a process group of its own, so that Ctrl-C reaches only us and the fleet stops in order. Should we be
 * killed, the closed channel tells it to stop by itself.
 */
export class Child {
  readonly name: string;
  readonly exited: Promise<Exit>;
  /** Resolves when the process says that it does its work; rejects when it exits before. */
  readonly ready: Promise<void>;
  readonly #process: ChildProcess;
  #alive = true;

  constructor({ name, script, args = [], env, write }: ChildSpec) {
    this.name = name;
    this.#process = spawn(process.execPath, ["--enable-source-maps", script, ...args], {
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#process.stdout?.setEncoding("utf8").on("data", write);
    this.#process.stderr?.setEncoding("utf8").on("data", write);

    this.exited = new Promise((resolve) => {
      const gone = (exit: Exit): void => {
        this.#alive = false;
        resolve(exit);
      };
      this.#process.once("exit", (code, signal) => gone({ code, signal }));
      this.#process.once("error", () => gone({ code: 127, signal: null }));
    });
    this.ready = new Promise((resolve, reject) => {
      this.#process.on("message", (message) => {
        if (message === "ready") resolve();
      });
      void this.exited.then((exit) => reject(new Error(`${name} ${describeExit(exit)}`)));
    });
    this.ready.catch(() => undefined); // whoever starts the child decides what a failed start means
  }

  get alive(): boolean {
    return this.#alive;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Asks it to stop, and kills it when it takes longer than `withinMs`. Resolves when it is gone. */
  async stop(withinMs: number): Promise<void> {
    if (!this.#alive) return;
    this.#process.kill("SIGTERM");
    const deadline = setTimeout(() => this.#process.kill("SIGKILL"), withinMs);
    await this.exited;
    clearTimeout(deadline);
  }
}

export const describeExit = ({ code, signal }: Exit): string =>
  signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
