import { type FSWatcher, watch } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface Watched {
  /** Folders whose sources matter, with everything below them. */
  readonly roots: readonly string[];
  /** Single files that matter wherever they are; they need not exist. */
  readonly files: readonly string[];
  /** Folders that are left out. */
  readonly ignored: readonly string[];
}

/** Code and what code imports. What graphs write while they run (texts, databases) restarts nobody. */
const SOURCE = /\.([cm]?[jt]sx?|json)$/;
/** Editors write a file in several steps, and tools several files. */
const SETTLE_MS = 80;
/** Where the system watches nothing for us: too many watches, or a file system that cannot. */
const POLL_MS = 1000;

/**
 * Tells which sources changed. The system's events only say that it is worth a look: what counts is time and size of each
 * file, so events that come twice, or for nothing, change nothing.
 */
export class SourceWatcher {
  readonly #onChange: (files: readonly string[]) => void;
  readonly #watches = new Map<string, FSWatcher>();
  #watched: Watched;
  #seen: ReadonlyMap<string, string> | null = null;
  #looking: Promise<void> = Promise.resolve();
  #settle: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(watched: Watched, onChange: (files: readonly string[]) => void) {
    this.#watched = watched;
    this.#onChange = onChange;
  }

  /** Resolves when every change from now on will be seen. */
  static async open(watched: Watched, onChange: (files: readonly string[]) => void): Promise<SourceWatcher> {
    const watcher = new SourceWatcher(watched, onChange);
    await watcher.#lookInTurn();
    return watcher;
  }

  /** Watches something else; files that are new in it are no change. */
  async rewatch(watched: Watched): Promise<void> {
    this.#watched = watched;
    this.#looking = this.#looking.then(() => {
      this.#seen = null;
    });
    await this.#lookInTurn();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#settle);
    clearInterval(this.#poll);
    for (const one of this.#watches.values()) one.close();
    this.#watches.clear();
  }

  readonly #stir = (): void => {
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => void this.#lookInTurn(), SETTLE_MS);
  };

  async #lookInTurn(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    await this.#looking;
  }

  async #look(): Promise<void> {
    const folders = new Set<string>();
    const found = new Map<string, string>();
    for (const root of this.#watched.roots) await this.#walk(root, folders, found);
    for (const file of this.#watched.files) {
      const folder = dirname(file);
      this.#watch(folder);
      folders.add(folder);
      await note(file, found);
    }
    if (this.#closed) return;
    for (const [folder, one] of this.#watches) {
      if (folders.has(folder)) continue;
      one.close();
      this.#watches.delete(folder);
    }
    const before = this.#seen;
    this.#seen = found;
    if (before === null) return;
    const names = new Set([...before.keys(), ...found.keys()]);
    const changed = [...names].filter((name) => before.get(name) !== found.get(name));
    if (changed.length > 0) this.#onChange(changed.toSorted());
  }

  async #walk(folder: string, folders: Set<string>, found: Map<string, string>): Promise<void> {
    if (folders.has(folder)) return;
    // First the watch, then the look: what is written in between is seen by one of them.
    this.#watch(folder);
    folders.add(folder);
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        const isOut =
          entry.name === "node_modules" || entry.name.startsWith(".") || this.#watched.ignored.includes(path);
        if (!isOut) await this.#walk(path, folders, found);
      } else if (SOURCE.test(entry.name)) {
        await note(path, found);
      }
    }
  }

  #watch(folder: string): void {
    if (this.#closed || this.#watches.has(folder)) return;
    try {
      const one = watch(folder, { persistent: false }, this.#stir);
      one.on("error", () => {
        one.close();
        this.#watches.delete(folder);
        this.#stir();
      });
      this.#watches.set(folder, one);
    } catch (error) {
      // A folder that is gone already is no reason to look all the time.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.#poll ??= setInterval(this.#stir, POLL_MS);
    }
  }
}

async function note(file: string, found: Map<string, string>): Promise<void> {
  try {
    const { mtimeMs, size } = await stat(file);
    found.set(file, `${mtimeMs} ${size}`);
  } catch {
    // Gone between listing and looking, or never there: not being noted says so.
  }
}
