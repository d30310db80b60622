import type { AssistantId } from "../ids.js";
import type { Json, JsonObject } from "../json.js";
import type { PageRequest, Sort } from "../page.js";

/** A graph with settings and a name. Each change makes a new version; one version is the active one. */
export interface Assistant {
  readonly id: AssistantId;
  readonly graphId: string;
  readonly name: string;
  readonly description: string | null;
  readonly config: JsonObject;
  readonly context: Json;
  readonly metadata: JsonObject;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What an assistant looked like at one version. `createdAt` is when that version was made. */
export type AssistantVersion = Omit<Assistant, "updatedAt">;

export type NewAssistant = Omit<Assistant, "version" | "createdAt" | "updatedAt">;

/** Absent members keep their value. `metadata` is merged one level deep, the others replace. */
export type AssistantPatch = Partial<
  Pick<Assistant, "graphId" | "name" | "description" | "config" | "context" | "metadata">
>;

export type AssistantSortColumn = "assistant_id" | "graph_id" | "name" | "created_at" | "updated_at";

export interface AssistantFilter {
  readonly metadata?: JsonObject;
  readonly graphId?: string;
  /** Case-insensitive part of the name. */
  readonly name?: string;
}

export interface AssistantQuery extends AssistantFilter, PageRequest {
  readonly sort: Sort<AssistantSortColumn>;
}

/** The assistant that the server itself makes for each graph of the project. */
export interface SystemAssistant {
  readonly id: AssistantId;
  readonly graphId: string;
  readonly description: string | null;
  readonly config: JsonObject;
  readonly context: Json;
}
