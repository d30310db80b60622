import {
  asAssistantId,
  type Assistant,
  type AssistantFilter,
  type AssistantPatch,
  type AssistantVersion,
  type CreateAssistantRequest,
} from "@graphfleet/domain";
import { given } from "../http/given.js";
import type { AssistantCreateWire, AssistantFilterWire, AssistantPatchWire } from "./assistants.schemas.js";

const NAME_OF_THE_NAMELESS = "Untitled";

export const assistantView = (assistant: Assistant) => ({
  ...assistantVersionView(assistant),
  updated_at: assistant.updatedAt.toISOString(),
});

/** A version has no `updated_at`: it never changes. */
export const assistantVersionView = (assistant: AssistantVersion) => ({
  assistant_id: assistant.id,
  graph_id: assistant.graphId,
  name: assistant.name,
  description: assistant.description,
  config: assistant.config,
  context: assistant.context,
  metadata: assistant.metadata,
  version: assistant.version,
  created_at: assistant.createdAt.toISOString(),
});

export const toCreateAssistant = (body: AssistantCreateWire): CreateAssistantRequest => ({
  id: body.assistant_id === undefined ? null : asAssistantId(body.assistant_id),
  graphId: body.graph_id,
  name: body.name ?? NAME_OF_THE_NAMELESS,
  description: body.description ?? null,
  config: body.config ?? {},
  context: body.context ?? {},
  metadata: body.metadata ?? {},
  ifExists: body.if_exists,
});

export const toAssistantPatch = (body: AssistantPatchWire): AssistantPatch =>
  given({
    graphId: body.graph_id,
    name: body.name,
    description: body.description,
    config: body.config,
    context: body.context ?? undefined,
    metadata: body.metadata,
  });

export const toAssistantFilter = (body: AssistantFilterWire): AssistantFilter =>
  given({ metadata: body.metadata, graphId: body.graph_id, name: body.name });
