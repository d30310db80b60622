import type { GraphEntry } from "../../project/project-config.js";
import type { GraphSchemas } from "../json-schemas.js";
import { keepAnalysis, readAnalysis } from "./analysis-cache.js";
import { analyseInThread } from "./analyse-in-thread.js";
import type { Analysis, AnalysisRequest } from "./analysis.js";

/** Schemas by namespace, "" for the graph itself. Nothing for what its types do not say. */
export type TypedSchemas = (graphId: string) => Promise<Readonly<Record<string, GraphSchemas>>>;

export interface TypedSchemasParts {
  readonly graphs: readonly GraphEntry[];
  readonly dir: string;
  readonly timeoutMs: number;
  readonly log: { warn(fields: object, message: string): void };
  /** Default: in a thread. */
  readonly analyse?: (request: AnalysisRequest, timeoutMs: number) => Promise<Analysis>;
}

/**
 * What only TypeScript knows of the project's graphs. Each graph is analysed once per process, when it is first asked for, and
 * not even that when an earlier process did and nothing changed. One analysis at a time: each needs a whole compiler.
 *
 * Never fails: what cannot be known is not told, and the log says why.
 */
export function makeTypedSchemas({
  graphs,
  dir,
  timeoutMs,
  log,
  analyse = analyseInThread,
}: TypedSchemasParts): TypedSchemas {
  const known = new Map<string, Promise<Analysis["graphs"]>>();
  let last: Promise<unknown> = Promise.resolve();

  return async (graphId) => {
    const entry = graphs.find(({ id }) => id === graphId);
    if (entry === undefined) return {};
    const answer = known.get(graphId) ?? inTurn(() => find(entry));
    known.set(graphId, answer);
    return await answer;
  };

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work);
    last = turn;
    return turn;
  }

  async function find({ id, file, exportName }: GraphEntry): Promise<Analysis["graphs"]> {
    const request = { file, exportName };
    try {
      const kept = await readAnalysis(request, dir);
      if (kept !== null) return kept;
      const analysis = await analyse(request, timeoutMs);
      await keepAnalysis(request, analysis, dir);
      return analysis.graphs;
    } catch (error) {
      log.warn({ graph_id: id, file, err: error }, "the schemas of a graph could not be told from its types");
      return {};
    }
  }
}
