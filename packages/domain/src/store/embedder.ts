/** A text as numbers; texts that mean the same point the same way. */
export type Vector = Float32Array;

/** Turns texts into vectors: the project's model. Asked by whoever writes and searches items, never by the database. */
export interface Embedder {
  /** As the project wrote it, for logs. */
  readonly name: string;
  /** The length of every vector. */
  readonly dims: number;
  /** Paths into values of what is embedded when a write does not say. */
  readonly fields: readonly string[];
  /** One vector for each text, in their order. @throws DomainError `embedding_failed`. */
  embedDocuments(texts: readonly string[]): Promise<readonly Vector[]>;
  /** @throws DomainError `embedding_failed`. */
  embedQuery(text: string): Promise<Vector>;
}
