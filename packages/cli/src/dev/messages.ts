import type { StartOptions } from "../start/start-options.js";

/** A graph that could not be loaded, with its place. */
export interface BrokenGraph {
  readonly graphId: string;
  readonly file: string;
  readonly line: number | null;
  readonly message: string;
}

/** To the process that serves: first `load`, and when the one before it has stopped, `serve`. */
export type ToServer =
  { readonly kind: "load"; readonly options: StartOptions; readonly databaseUri: string } | { readonly kind: "serve" };

/** From it. `problem` is what a person has to mend; the process ends after it. */
export type FromServer =
  | { readonly kind: "loaded"; readonly graphs: readonly string[]; readonly broken: readonly BrokenGraph[] }
  | { readonly kind: "serving" }
  | { readonly kind: "problem"; readonly message: string };
