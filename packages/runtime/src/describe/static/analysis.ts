import type { GraphSchemas } from "../json-schemas.js";

/** The graph to look at: an export of a file. */
export interface AnalysisRequest {
  /** Absolute. */
  readonly file: string;
  readonly exportName: string;
}

/** What the types of a graph say. */
export interface Analysis {
  /** By namespace, names of nodes joined with "|"; "" is the graph itself. */
  readonly graphs: Readonly<Record<string, GraphSchemas>>;
  /** The files that were read to know it, absolute. When one of them changes, so may the answer. */
  readonly inputs: readonly string[];
}

/** Raised when an analysis would answer something else for the same files. */
export const ANALYSIS_VERSION = 2;
