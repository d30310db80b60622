/** Something the person at the keyboard can mend. The message says what is wrong and what to do; no stack is shown. */
export class Problem extends Error {
  override readonly name: string = "Problem";
  readonly exitCode: number = 1;
}

/** The command was typed wrong: nothing was done. Exit code 2, as shells and most tools have it. */
export class UsageError extends Problem {
  override readonly name = "UsageError";
  override readonly exitCode = 2;
}
