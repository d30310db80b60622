import type { RunId } from "../ids.js";
import type { CancelAction, MultitaskStrategy } from "./run.js";

export type Admission =
  | { readonly kind: "accept" }
  | { readonly kind: "replace"; readonly cancel: readonly RunId[]; readonly action: CancelAction }
  | { readonly kind: "refuse"; readonly busyWith: readonly RunId[] };

/**
 * Decides what a new run does to the runs already on its thread.
 *
 * `enqueue` is an ordinary accept: the ledger lets one run per thread execute at a time, so waiting needs no
 * bookkeeping of its own.
 */
export function admitRun(strategy: MultitaskStrategy, inflight: readonly RunId[]): Admission {
  if (inflight.length === 0) return { kind: "accept" };

  switch (strategy) {
    case "enqueue":
      return { kind: "accept" };
    case "reject":
      return { kind: "refuse", busyWith: inflight };
    case "interrupt":
    case "rollback":
      return { kind: "replace", cancel: inflight, action: strategy };
  }
}
