/** Something the person at the keyboard can mend. The message says what is wrong and what to do; no stack is shown. */
export class Problem extends Error {
  override readonly name = "Problem";
}
