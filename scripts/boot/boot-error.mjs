/** A known reason not to go on; its message is all that the person at the terminal needs. */
export class BootError extends Error {
  name = "BootError";
}
