import { type Static, Type } from "@sinclair/typebox";
import { AnyObject, eitherOf, Filter, Limit, Offset } from "../http/schemas.js";

/** Bounds what one request can ask of the ledger. */
const MOST_LABELS = 256;
const MOST_PATHS = 100;
/** A thousand years, which is for ever, and which the database can still add to a date. */
const MOST_MINUTES = 525_600_000;

const Labels = Type.Array(Type.String(), { maxItems: MOST_LABELS });
const Key = Type.String({ minLength: 1 });

export const ItemPutBody = Type.Object({
  namespace: Labels,
  key: Key,
  value: AnyObject,
  index: Type.Optional(
    eitherOf<false | readonly string[]>(
      "false or a list of paths",
      Type.Literal(false),
      Type.Array(Type.String(), { maxItems: MOST_PATHS }),
    ),
  ),
  ttl: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: MOST_MINUTES })),
});

/** `namespace` comes in forms of its own; see `labelsOfQuery`. */
export const ItemGetQuery = Type.Object({
  key: Key,
  namespace: Type.Optional(Type.Array(Type.String(), { description: "Labels, or one text with periods between them" })),
  refresh_ttl: Type.Optional(Type.Boolean()),
});

export const ItemDeleteBody = Type.Object({ namespace: Type.Optional(Labels), key: Type.String() });

export const ItemSearchBody = Type.Object({
  namespace_prefix: Type.Optional(Labels),
  filter: Type.Optional(Filter),
  query: Type.Optional(Type.String()),
  limit: Limit,
  offset: Offset,
  refresh_ttl: Type.Optional(Type.Boolean()),
});
export type ItemSearchWire = Static<typeof ItemSearchBody>;

export const NamespacesBody = Type.Object({
  prefix: Type.Optional(Labels),
  suffix: Type.Optional(Labels),
  max_depth: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_LABELS })),
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
  offset: Offset,
});
