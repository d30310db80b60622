import { Command, MemorySaver, Send } from "@langchain/langgraph";
import { Pregel } from "@langchain/langgraph/pregel";
import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import * as schemas from "@langchain/langgraph/zod/schema";
import { libraryVersion } from "../library-version.js";

/**
 * The copy of LangGraph that a graph was built with. A project may bring its own, and a CommonJS module gets another one than
 * an ES module of the same package. Copies tell their own classes by `instanceof`, so what we hand to a graph, or keep for it,
 * is made with the graph's copy.
 */
export interface GraphLibrary {
  readonly version: string;
  readonly Command: typeof Command;
  readonly Send: typeof Send;
  /** Turns values into bytes and back into objects of this copy. */
  readonly serde: SerializerProtocol;
  /** What tells the schemas of states written with zod or `StateSchema`; null where this copy cannot. */
  readonly schemas: SchemaReaders | null;
  /** Whether a graph was built with this copy. */
  made(graph: unknown): boolean;
}

export type SchemaReaders = Pick<
  typeof schemas,
  "getStateTypeSchema" | "getUpdateTypeSchema" | "getInputTypeSchema" | "getOutputTypeSchema" | "getConfigTypeSchema"
>;

/** What every copy exports and we use. */
export interface LibraryModule {
  readonly Command: typeof Command;
  readonly Send: typeof Send;
  readonly Pregel: typeof Pregel;
  readonly MemorySaver: typeof MemorySaver;
}

export function libraryOf(module: LibraryModule, readers: SchemaReaders | null, version: string): GraphLibrary {
  return {
    version,
    Command: module.Command,
    Send: module.Send,
    serde: new module.MemorySaver().serde,
    schemas: readers,
    made: (graph) => graph instanceof module.Pregel,
  };
}

/** The copy that this server itself uses. */
export const ourLibrary: GraphLibrary = libraryOf({ Command, Send, Pregel, MemorySaver }, schemas, libraryVersion());
