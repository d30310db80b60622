import type { BrokenGraph } from "./messages.js";
import type { Generation, Loaded } from "./server-process.js";

export interface ReloaderParts {
  readonly launch: () => Generation;
  /** Told of what a save led to. */
  readonly report: (news: News) => void;
}

export type News =
  | { readonly kind: "serving"; readonly graphs: readonly string[]; readonly broken: readonly BrokenGraph[] }
  /** The new code cannot be used. `stillServing`: the code before it is. */
  | { readonly kind: "refused"; readonly reason: string | readonly BrokenGraph[]; readonly stillServing: boolean }
  | { readonly kind: "died"; readonly how: string };

/**
 * Keeps one generation of the server serving, and replaces it by a newer one once that has loaded. A generation that does not
 * load, or has a graph broken that worked, is thrown away: the one before it goes on.
 */
export class Reloader {
  readonly #parts: ReloaderParts;
  #serving: { readonly generation: Generation; readonly loaded: Loaded } | null = null;
  #next: Generation | null = null;
  /** Swaps happen one after another; what was loaded meanwhile and is not the newest any more takes no turn. */
  #swap: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
  }

  /** Loads the project as it is now. Resolves when that is served, refused, or out of date. */
  async reload(): Promise<void> {
    if (this.#stopped) return;
    const outdated = this.#next;
    const generation = this.#parts.launch();
    this.#next = generation;
    if (outdated !== null) void outdated.stop();
    try {
      const loaded = await generation.loaded;
      this.#swap = this.#swap.then(() => this.#take(generation, loaded));
      await this.#swap;
    } catch (error) {
      if (this.#next !== generation) return;
      this.#next = null;
      this.#refuse((error as Error).message);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const all = [this.#next, this.#serving?.generation ?? null];
    this.#next = null;
    this.#serving = null;
    await Promise.all(all.filter((one) => one !== null).map((one) => one.stop()));
    await this.#swap;
  }

  async #take(generation: Generation, loaded: Loaded): Promise<void> {
    if (this.#next !== generation) return;
    const before = this.#serving;
    const known = new Set(before?.loaded.broken.map(({ graphId }) => graphId));
    const worse = loaded.broken.filter(({ graphId }) => !known.has(graphId));
    if (before !== null && worse.length > 0) {
      this.#next = null;
      this.#refuse(worse);
      await generation.stop();
      return;
    }
    this.#serving = null;
    await before?.generation.stop();
    try {
      await generation.serve();
    } catch (error) {
      if (this.#next === generation) this.#next = null;
      this.#refuse((error as Error).message);
      return;
    }
    if (this.#stopped) {
      await generation.stop();
      return;
    }
    if (this.#next === generation) this.#next = null;
    this.#serving = { generation, loaded };
    void generation.exited.then((how) => this.#mourn(generation, how));
    this.#parts.report({ kind: "serving", graphs: loaded.graphs, broken: loaded.broken });
  }

  #refuse(reason: string | readonly BrokenGraph[]): void {
    if (!this.#stopped) this.#parts.report({ kind: "refused", reason, stillServing: this.#serving !== null });
  }

  #mourn(generation: Generation, how: string): void {
    if (this.#stopped || this.#serving?.generation !== generation) return;
    this.#serving = null;
    this.#parts.report({ kind: "died", how });
  }
}
