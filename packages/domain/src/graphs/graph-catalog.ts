/** Which graphs this project has. */
export interface GraphCatalog {
  /** The graphs that are served. */
  ids(): readonly string[];
  /** Every graph of the project, the broken ones too. */
  known(): readonly string[];
  /** Whether the project has it, be it broken. */
  has(graphId: string): boolean;
  /** Why a graph of the project cannot be used, in a sentence; null when it can. */
  failure(graphId: string): string | null;
}
