import type { Paint } from "./paint.js";

/** An option of a command. */
export interface Flag {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** What stands for the value in the help; strings only. */
  readonly value?: string;
  /** For the help. Left out = accepted because the official command knows it, without effect here. */
  readonly about?: string;
}

export type Flags = Readonly<Record<string, Flag>>;

/** What was typed behind the name of a command. */
export interface Input {
  readonly strings: Readonly<Record<string, string>>;
  readonly switches: ReadonlySet<string>;
  readonly positionals: readonly string[];
  /** Everything after `--`. */
  readonly rest: readonly string[];
}

/** What a command may touch of the world. */
export interface Io {
  /** The environment of this process, which a project's own variables may be added to. */
  readonly env: Record<string, string | undefined>;
  /** Where relative paths start. */
  readonly cwd: string;
  /** The folder of the installation. */
  readonly root: string;
  /** All of standard input. */
  readonly read: () => Promise<string>;
  /** The answer: standard output. */
  readonly write: (text: string) => void;
  /** Progress, warnings, problems: standard error. */
  readonly tell: (text: string) => void;
  readonly paint: Paint;
  /** Aborted when the user wants to stop. */
  readonly stopping: () => AbortSignal;
}

export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What stands behind the name, besides options: `[path]`. */
  readonly operands?: string;
  readonly maxOperands?: number;
  /** Arguments after `--` are for somebody else. */
  readonly takesRest?: boolean;
  readonly flags: Flags;
  /** More words for the help. */
  readonly notes?: string;
  /** @returns the exit code. @throws Problem with one sentence for the user. */
  run(input: Input, io: Io): Promise<number>;
}
