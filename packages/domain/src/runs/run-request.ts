import type { ThreadId } from "../ids.js";
import type { Json, JsonObject } from "../json.js";
import type { CheckpointSelector } from "../graphs/state.js";
import type { Durability, MultitaskStrategy, RunCommand, StreamMode } from "./run.js";

/** A run as a client asks for it. Null means "not said". */
export interface RunRequest {
  /** Null makes a thread for this run alone. */
  readonly threadId: ThreadId | null;
  /** Assistant id or graph id. */
  readonly assistant: string;
  readonly input: Json;
  readonly command: RunCommand | null;
  readonly config: JsonObject;
  readonly context: Json;
  readonly metadata: JsonObject;
  readonly checkpoint: CheckpointSelector;
  readonly streamModes: readonly StreamMode[] | null;
  readonly streamSubgraphs: boolean;
  readonly streamResumable: boolean;
  readonly interruptBefore: "*" | readonly string[] | null;
  readonly interruptAfter: "*" | readonly string[] | null;
  readonly multitaskStrategy: MultitaskStrategy;
  readonly ifNotExists: "create" | "reject";
  readonly onCompletion: "delete" | "keep";
  readonly afterSeconds: number;
  readonly durability: Durability | null;
  readonly feedbackKeys: readonly string[];
  readonly webhook: string | null;
  readonly langsmithTracer: { readonly projectName: string | null; readonly exampleId: string | null } | null;
  /** The caller will read this run's events from the start. */
  readonly attached: boolean;
}
