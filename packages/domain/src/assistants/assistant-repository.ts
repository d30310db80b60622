import type { Scope } from "../auth/scope.js";
import type { AssistantId } from "../ids.js";
import type { JsonObject } from "../json.js";
import type { Page, PageRequest } from "../page.js";
import type {
  Assistant,
  AssistantFilter,
  AssistantPatch,
  AssistantQuery,
  AssistantVersion,
  NewAssistant,
  SystemAssistant,
} from "./assistant.js";

export interface AssistantRepository {
  /** @returns null when the id is taken, whoever owns it. */
  insert(assistant: NewAssistant): Promise<Assistant | null>;
  get(id: AssistantId, scope: Scope): Promise<Assistant | null>;
  search(query: AssistantQuery, scope: Scope): Promise<Page<Assistant>>;
  count(filter: AssistantFilter, scope: Scope): Promise<number>;
  /** Writes a new version numbered after the highest one there is, and makes it the active one. */
  update(id: AssistantId, patch: AssistantPatch, scope: Scope): Promise<Assistant | null>;
  /**
   * Removes the assistant with its versions, its crons and its runs that are over. Runs in flight have all they need and
   * end as they would have. @returns false when there is none.
   */
  delete(id: AssistantId, scope: Scope): Promise<boolean>;
  /** Newest first. */
  versions(
    id: AssistantId,
    query: PageRequest & { readonly metadata?: JsonObject },
    scope: Scope,
  ): Promise<readonly AssistantVersion[]>;
  setLatest(id: AssistantId, version: number, scope: Scope): Promise<Assistant | "no_assistant" | "no_version">;
  /**
   * Makes sure that the system assistant of each graph exists and matches the project. Changed settings become a new
   * version. Safe when many processes start at once.
   */
  syncSystem(assistants: readonly SystemAssistant[]): Promise<void>;
}
