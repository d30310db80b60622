import { type Static, Type } from "@sinclair/typebox";
import {
  AnyJson,
  AnyObject,
  Filter,
  eitherOf,
  Flag,
  Limit,
  Offset,
  oneOf,
  oneOrMany,
  SortOrder,
  Uuid,
  Version,
} from "../http/schemas.js";

const FIELDS = [
  "assistant_id",
  "graph_id",
  "name",
  "description",
  "config",
  "context",
  "created_at",
  "updated_at",
  "metadata",
  "version",
] as const;

/** An assistant id or a graph id. */
export const AssistantParams = Type.Object({ assistant_id: Type.String() });

export const SubgraphParams = Type.Object({ assistant_id: Type.String(), namespace: Type.String({ minLength: 1 }) });

/** Deeper than any graph is nested. */
const XRAY_MAX = 1000;

/** How far to look into subgraphs: a depth, or all the way. */
export const GraphQuery = Type.Object({
  xray: Type.Optional(
    eitherOf<boolean | number>(
      `a boolean or a depth up to ${XRAY_MAX}`,
      Type.Integer({ minimum: 0, maximum: XRAY_MAX }),
      Type.Boolean(),
    ),
  ),
});
export const SubgraphsQuery = Type.Object({ recurse: Flag });
export const AssistantDeleteQuery = Type.Object({ delete_threads: Flag });

/** `context` may be anything, so its null comes through; it means "nothing" like everybody's. */
const Settings = {
  config: Type.Optional(AnyObject),
  context: Type.Optional(AnyJson),
  metadata: Type.Optional(AnyObject),
  name: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
};

export const AssistantCreateBody = Type.Object({
  ...Settings,
  graph_id: Type.String({ minLength: 1 }),
  assistant_id: Type.Optional(Uuid),
  if_exists: oneOf(["raise", "do_nothing"], { default: "raise" }),
});
export type AssistantCreateWire = Static<typeof AssistantCreateBody>;

export const AssistantPatchBody = Type.Object({
  ...Settings,
  graph_id: Type.Optional(Type.String({ minLength: 1 })),
});
export type AssistantPatchWire = Static<typeof AssistantPatchBody>;

const Filters = {
  metadata: Type.Optional(Filter),
  graph_id: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
};

export const AssistantSearchBody = Type.Object({
  ...Filters,
  limit: Limit,
  offset: Offset,
  sort_by: oneOf(["assistant_id", "graph_id", "name", "created_at", "updated_at"], { default: "created_at" }),
  sort_order: SortOrder,
  select: Type.Optional(oneOrMany(oneOf(FIELDS))),
});

export const AssistantCountBody = Type.Object(Filters);
export type AssistantFilterWire = Static<typeof AssistantCountBody>;

export const AssistantVersionsBody = Type.Object({
  limit: Limit,
  offset: Offset,
  metadata: Type.Optional(Filter),
});

/** SDKs send the version in the body, the official document has it in the query. The body wins. */
export const AssistantLatestQuery = Type.Object({ version: Type.Optional(Version) });
export const AssistantLatestBody = Type.Object({ version: Version });
