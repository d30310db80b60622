import type { Assistant } from "../assistants/assistant.js";
import type { AssistantRepository } from "../assistants/assistant-repository.js";
import { isObject, type Json } from "../json.js";
import type { Encryption } from "./cipher.js";
import { overlay } from "../overlay.js";
import { sealedKeys } from "./sealed-keys.js";

/** Assistants in whose metadata and context the values of some keys are sealed. Those of the project itself are not. */
export function sealedAssistants(assistants: AssistantRepository, encryption: Encryption): AssistantRepository {
  const keys = sealedKeys(encryption);
  const sealContext = async (context: Json) =>
    isObject(context) ? keys.seal("assistant", context, "context") : context;
  const open = async <T extends Pick<Assistant, "context" | "metadata">>(assistant: T): Promise<T> => ({
    ...assistant,
    metadata: await keys.open("assistant", assistant.metadata),
    context: isObject(assistant.context) ? await keys.open("assistant", assistant.context) : assistant.context,
  });
  const maybe = (assistant: Assistant | null) => (assistant === null ? null : open(assistant));

  return overlay(assistants, {
    async insert(assistant) {
      const metadata = await keys.seal("assistant", assistant.metadata);
      const context = await sealContext(assistant.context);
      return maybe(await assistants.insert({ ...assistant, metadata, context }));
    },
    async get(id, scope) {
      return maybe(await assistants.get(id, scope));
    },
    async search(query, scope) {
      await keys.mustNotFilter("assistant", query.metadata);
      const page = await assistants.search(query, scope);
      return { ...page, items: await Promise.all(page.items.map(open)) };
    },
    async count(filter, scope) {
      await keys.mustNotFilter("assistant", filter.metadata);
      return assistants.count(filter, scope);
    },
    async update(id, patch, scope) {
      const { metadata, context } = patch;
      const sealed = {
        ...(metadata === undefined ? {} : { metadata: await keys.seal("assistant", metadata) }),
        ...(context === undefined ? {} : { context: await sealContext(context) }),
      };
      return maybe(await assistants.update(id, { ...patch, ...sealed }, scope));
    },
    async versions(id, query, scope) {
      await keys.mustNotFilter("assistant", query.metadata);
      return Promise.all((await assistants.versions(id, query, scope)).map(open));
    },
    async setLatest(id, version, scope) {
      const latest = await assistants.setLatest(id, version, scope);
      return typeof latest === "string" ? latest : open(latest);
    },
  });
}
