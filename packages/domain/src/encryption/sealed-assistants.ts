import type { Assistant } from "../assistants/assistant.js";
import type { AssistantRepository } from "../assistants/assistant-repository.js";
import type { CheckpointRepository } from "../checkpoints/checkpoint-repository.js";
import { isObject, type Json, type JsonObject } from "../json.js";
import type { Encryption } from "./cipher.js";
import { overlay } from "./overlay.js";
import { sealedKeys } from "./sealed-keys.js";

/** Assistants in whose metadata and context the values of some keys are sealed. Those of the project itself are not. */
export function sealedAssistants(assistants: AssistantRepository, encryption: Encryption): AssistantRepository {
  const keys = sealedKeys(encryption);
  const sealContext = async (context: Json) => (isObject(context) ? keys.seal("assistant", context) : context);
  const open = async <T extends Pick<Assistant, "context" | "metadata">>(assistant: T): Promise<T> => ({
    ...assistant,
    metadata: await keys.open("assistant", assistant.metadata),
    context: isObject(assistant.context) ? await keys.open("assistant", assistant.context) : assistant.context,
  });
  const maybe = (assistant: Assistant | null) => (assistant === null ? null : open(assistant));

  return overlay(assistants, {
    async insert(assistant) {
      const { metadata, context } = assistant;
      return maybe(
        await assistants.insert({
          ...assistant,
          metadata: await keys.seal("assistant", metadata),
          context: await sealContext(context),
        }),
      );
    },
    async get(id, scope) {
      keys.mustNotScope(scope);
      return maybe(await assistants.get(id, scope));
    },
    async search(query, scope) {
      keys.mustNotScope(scope);
      keys.mustNotFilter("metadata", query.metadata);
      const page = await assistants.search(query, scope);
      return { ...page, items: await Promise.all(page.items.map(open)) };
    },
    async count(filter, scope) {
      keys.mustNotScope(scope);
      keys.mustNotFilter("metadata", filter.metadata);
      return assistants.count(filter, scope);
    },
    async update(id, patch, scope) {
      keys.mustNotScope(scope);
      const { metadata, context } = patch;
      return maybe(
        await assistants.update(
          id,
          {
            ...patch,
            ...(metadata === undefined ? {} : { metadata: await keys.seal("assistant", metadata) }),
            ...(context === undefined ? {} : { context: await sealContext(context) }),
          },
          scope,
        ),
      );
    },
    async delete(id, scope) {
      keys.mustNotScope(scope);
      return assistants.delete(id, scope);
    },
    async versions(id, query, scope) {
      keys.mustNotScope(scope);
      keys.mustNotFilter("metadata", query.metadata);
      return Promise.all((await assistants.versions(id, query, scope)).map(open));
    },
    async setLatest(id, version, scope) {
      keys.mustNotScope(scope);
      const latest = await assistants.setLatest(id, version, scope);
      return typeof latest === "string" ? latest : open(latest);
    },
  });
}

/** Checkpoints are labelled with the run's metadata; the labels are for searching, so what is sealed is left out of them. */
export function unlabelledCheckpoints(
  checkpoints: CheckpointRepository,
  { jsonKeys }: Encryption,
): CheckpointRepository {
  if (jsonKeys.size === 0) return checkpoints;
  const without = (labels: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(labels).filter(([key]) => !jsonKeys.has(key)));
  return overlay(checkpoints, {
    write: (batch, claim) =>
      checkpoints.write(
        { ...batch, checkpoints: batch.checkpoints.map((row) => ({ ...row, metadata: without(row.metadata) })) },
        claim,
      ),
    label: (threadId, metadata) => checkpoints.label(threadId, without(metadata)),
  });
}
