/** A known reason why a private server cannot start. The message is one sentence for the person at the terminal. */
export class EmbeddedError extends Error {
  override readonly name = "EmbeddedError";
}
