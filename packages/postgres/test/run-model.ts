import type { CancelAction, MultitaskStrategy, TerminalStatus } from "@graphfleet/domain";

/** One thread's runs, as simply as they can be thought of. Runs are in the order in which they were created. */
export interface ModelRun {
  readonly id: string;
  readonly due: boolean;
  status: "pending" | "running" | TerminalStatus;
  fence: number;
  attempt: number;
  cancel: CancelAction | null;
  expired: boolean;
  /** When it ended, on the model's own clock. */
  ended: number;
}

export interface ModelClaim {
  readonly id: string;
  readonly fence: number;
}

export const ENDINGS = {
  success: { status: "success", ending: "completed", rest: "idle" },
  paused: { status: "success", ending: "paused", rest: "interrupted" },
  error: { status: "error", ending: "failed", rest: "error" },
  timeout: { status: "timeout", ending: "failed", rest: "error" },
  interrupted: { status: "interrupted", ending: "cancelled", rest: "idle" },
} as const;
export type EndingName = keyof typeof ENDINGS;
export const MAX_ATTEMPTS = 3;

export class RunModel {
  runs: ModelRun[] = [];
  /** The thread's status while nothing is in flight. */
  resting: "idle" | "interrupted" | "error" = "idle";
  /** Whether the worker holds another thread's run too. */
  company = false;
  #clock = 0;

  get inflight(): ModelRun[] {
    return this.runs.filter(isInflight);
  }

  get over(): ModelRun[] {
    return this.runs.filter((run) => !isInflight(run));
  }

  get status(): string {
    return this.inflight.length > 0 ? "busy" : this.resting;
  }

  /** What a worker would be given now. */
  get next(): ModelRun | undefined {
    if (this.runs.some(({ status }) => status === "running")) return undefined;
    return this.runs.find(({ status, due }) => status === "pending" && due);
  }

  /** What a worker would be given that holds a suspect. */
  get nextBeside(): ModelRun | undefined {
    const { next } = this;
    return next !== undefined && next.attempt >= MAX_ATTEMPTS && next.cancel === null ? undefined : next;
  }

  refuses(strategy: MultitaskStrategy): boolean {
    return strategy === "reject" && this.inflight.length > 0;
  }

  create(id: string, strategy: MultitaskStrategy, due: boolean): void {
    const before = this.inflight;
    this.runs.push({ id, due, status: "pending", fence: 0, attempt: 0, cancel: null, expired: false, ended: 0 });
    if (strategy === "interrupt" || strategy === "rollback") this.cancel(before, strategy);
  }

  claim(run: ModelRun): void {
    Object.assign(run, { status: "running", fence: run.fence + 1, attempt: run.attempt + 1, expired: false });
  }

  held({ id, fence }: ModelClaim): ModelRun | undefined {
    return this.runs.find((run) => run.id === id && run.fence === fence && run.status === "running");
  }

  settle(claim: ModelClaim, name: EndingName): "stale" | "rollback_wanted" | TerminalStatus {
    const run = this.held(claim);
    if (run === undefined) {
      // Who says it again hears it again.
      const same = this.over.find(({ id, fence }) => id === claim.id && fence === claim.fence);
      return same === undefined ? "stale" : (same.status as TerminalStatus);
    }
    if (run.cancel === "rollback") return "rollback_wanted";
    const ending = ENDINGS[run.cancel === null ? name : "interrupted"];
    this.#end(run, ending.status, ending.rest);
    return ending.status;
  }

  giveBack(claim: ModelClaim, spent: boolean): boolean {
    const run = this.held(claim);
    if (run === undefined) return false;
    Object.assign(run, { status: "pending", attempt: run.attempt - (spent ? 0 : 1), expired: false });
    return true;
  }

  rollBack(claim: ModelClaim): boolean {
    const run = this.held(claim);
    if (run === undefined) return false;
    this.#remove(run);
    const last = this.over.filter(({ fence }) => fence > 0).sort((a, b) => b.ended - a.ended)[0];
    const failed = last?.status === "error" || last?.status === "timeout";
    // A failure is forgotten once a later run was taken back without one before it.
    this.resting = failed && this.#failure ? "error" : "idle";
    this.#failure = this.resting === "error";
    return true;
  }

  cancel(runs: readonly ModelRun[], wanted: CancelAction): void {
    for (const run of runs) {
      const action = run.cancel === "rollback" ? "rollback" : wanted;
      if (run.status === "running") run.cancel = action;
      else if (action === "interrupt") {
        run.cancel = action;
        // One that never began changes nothing.
        this.#end(run, "interrupted", run.fence > 0 ? "idle" : null);
      } else if (run.fence === 0) this.#remove(run);
      else run.cancel = action;
    }
  }

  expire(): void {
    for (const run of this.runs) if (run.status === "running") run.expired = true;
  }

  reap(): void {
    for (const run of this.runs.filter(({ status, expired }) => status === "running" && expired)) {
      run.expired = false;
      if (run.cancel === "interrupt") this.#end(run, "interrupted", "idle");
      else if (run.cancel === null && run.attempt >= MAX_ATTEMPTS + (this.company ? 1 : 0))
        this.#end(run, "error", "error");
      else run.status = "pending";
    }
  }

  delete(run: ModelRun): void {
    this.#remove(run);
  }

  #failure = false;

  #end(run: ModelRun, status: TerminalStatus, rest: RunModel["resting"] | null): void {
    Object.assign(run, { status, ended: ++this.#clock, expired: false });
    if (rest === null) return;
    this.resting = rest;
    this.#failure = rest === "error";
  }

  #remove(run: ModelRun): void {
    this.runs = this.runs.filter((other) => other !== run);
  }
}

export const isInflight = ({ status }: Pick<ModelRun, "status">): boolean =>
  status === "pending" || status === "running";
