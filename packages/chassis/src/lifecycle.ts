import type { EventEmitter } from "node:events";

/**
 * How a process stops.
 *
 * A process is a straight line: open a thing, register its close, next. Stopping runs the line backwards. Whoever asks
 * first decides the exit code: a signal is a clean stop (0), a failed task is not (1). From that moment `stopping` is
 * aborted, so loops stop taking work before anything is closed, and closers run one after another, last opened first.
 *
 * What can go wrong: a closer that throws is logged and the next one runs, because a broken Redis must not keep
 * Postgres from closing. A closer that never ends is named in the log when the deadline passes, and the process exits 1.
 * Signal handlers are installed at construction, so a stop during a slow start closes what is open already.
 *
 * A process that was started by a supervisor of ours holds a channel to it. The channel's end means that the supervisor
 * was killed, and is a clean stop: nobody is left who would stop us, and the next start needs our port.
 *
 * One press of Ctrl-C may reach a process twice, from the terminal and from its parent. Signals shortly after the first
 * are therefore the same wish; a later one means "now".
 */
export interface LifecycleLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The parts of `process` a lifecycle uses; tests bring their own. */
export interface HostProcess extends EventEmitter {
  exit(code: number): void;
  /** There when a supervisor listens. */
  send?: (message: string) => unknown;
}

export interface LifecycleOptions {
  readonly host?: HostProcess;
  /** Signals within this time of the first count as the same wish. */
  readonly samePressMs?: number;
  /** Milliseconds for closing when the stop comes before `run` has named a deadline. */
  readonly startDeadlineMs?: number;
  readonly now?: () => number;
}

export interface RunOptions {
  /** Milliseconds for closing everything. */
  readonly deadlineMs: number;
  /** Called with what a promise that nobody listens to was rejected with. Without it the process stops. */
  readonly onStrayRejection?: (reason: unknown) => void;
  /** Told of an exception that nobody caught, where it was thrown, before the process stops because of it. */
  readonly onUncaught?: (error: unknown) => void;
}

interface Closer {
  readonly name: string;
  readonly close: () => unknown;
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

export class Lifecycle {
  readonly #log: LifecycleLog;
  readonly #host: HostProcess;
  /** As it was: whoever replaces `exit` later does not mean us. */
  readonly #exit: (code: number) => void;
  readonly #samePressMs: number;
  readonly #now: () => number;
  readonly #closers: Closer[] = [];
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #end: () => void = () => {};
  #deadlineMs: number;
  #exitCode = 0;
  #askedAt: number | null = null;
  #closing = "nothing";

  constructor(log: LifecycleLog, options: LifecycleOptions = {}) {
    this.#log = log;
    this.#host = options.host ?? process;
    this.#exit = this.#host.exit.bind(this.#host);
    this.#samePressMs = options.samePressMs ?? 1_000;
    this.#deadlineMs = options.startDeadlineMs ?? 10_000;
    this.#now = options.now ?? (() => performance.now());
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    for (const signal of SIGNALS) this.#host.on(signal, this.#onSignal);
    this.#host.on("disconnect", this.#onOrphaned);
  }

  /** Tells the supervisor, if there is one, that the process does its work now. */
  ready(): void {
    this.#host.send?.("ready");
  }

  /** Aborted the moment the process begins to stop. */
  get stopping(): AbortSignal {
    return this.#stop.signal;
  }

  /** Registers how to close a resource that was just opened, and hands the resource back. Last opened, first closed. */
  use<T>(name: string, resource: T, close: (resource: T) => unknown): T {
    this.#closers.push({ name, close: () => close(resource) });
    return resource;
  }

  /** Supervises a task: if it rejects, the process stops with exit code 1. Ending quietly is fine. */
  watch(name: string, task: Promise<unknown>): void {
    task.catch((error: unknown) => this.fail(new Error(`${name} failed`, { cause: error })));
  }

  /** Stops the process because something is broken beyond repair. Safe to call more than once. */
  fail(error: unknown): void {
    this.#exitCode = 1;
    this.#log.error({ err: error }, "stopping because of a failure");
    this.#begin();
  }

  /**
   * Waits for the stop and carries it out, then ends the process.
   *
   * `deadlineMs` bounds the closing of everything together. An unhandled exception counts as a failed task, and so does
   * an unhandled rejection unless `onStrayRejection` takes it: a process that executes other people's code does not end
   * all of it over one promise that somebody forgot.
   */
  async run({ deadlineMs, onStrayRejection, onUncaught }: RunOptions): Promise<void> {
    this.#deadlineMs = deadlineMs;
    this.#onUncaught = onUncaught ?? this.#onUncaught;
    this.#onRejection = onStrayRejection ?? this.#onFault;
    this.#host.on("unhandledRejection", this.#onRejection);
    this.#host.on("uncaughtException", this.#onException);
    // Waiting for a signal holds no handle; without this a process with nothing open would end by itself.
    const awake = setInterval(() => {}, 60_000);
    await this.#ended;
    clearInterval(awake);
  }

  readonly #onFault = (error: unknown): void => this.fail(error);

  #onUncaught: (error: unknown) => void = () => {};

  readonly #onException = (error: unknown): void => {
    this.#onUncaught(error);
    this.fail(error);
  };

  #onRejection: (reason: unknown) => void = this.#onFault;

  readonly #onSignal = (signal: string): void => {
    const now = this.#now();
    if (this.#askedAt === null) {
      this.#askedAt = now;
      this.#log.info({ signal }, "stopping");
      this.#begin();
    } else if (now - this.#askedAt > this.#samePressMs) {
      this.#log.error({ signal, closing: this.#closing }, "asked again: exiting now");
      this.#exit(1);
    }
  };

  readonly #onOrphaned = (): void => {
    this.#log.info({}, "the supervisor is gone: stopping");
    this.#begin();
  };

  #begin(): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new Error("the process is stopping"));

    const deadline = setTimeout(() => {
      this.#log.error({ hung: this.#closing, deadline_ms: this.#deadlineMs }, "did not stop in time");
      this.#exit(1);
    }, this.#deadlineMs);

    void this.#closeAll().then(() => {
      clearTimeout(deadline);
      for (const signal of SIGNALS) this.#host.off(signal, this.#onSignal);
      this.#host.off("disconnect", this.#onOrphaned);
      this.#host.off("unhandledRejection", this.#onRejection);
      this.#host.off("uncaughtException", this.#onException);
      this.#log.info({ exit_code: this.#exitCode }, "stopped");
      this.#end();
      this.#exit(this.#exitCode);
    });
  }

  async #closeAll(): Promise<void> {
    for (let closer = this.#closers.pop(); closer !== undefined; closer = this.#closers.pop()) {
      this.#closing = closer.name;
      try {
        await closer.close();
      } catch (error) {
        this.#exitCode = 1;
        this.#log.error({ err: error, name: closer.name }, "could not close cleanly");
      }
    }
  }
}
