import type { TSchema } from "@sinclair/typebox";
import { Type } from "@sinclair/typebox";

/**
 * What the outside may know of a route: the API document, the docs page and the list of endpoints are made of these. The
 * schemas are the very ones that the route checks its request with. Every route has one; a test compares.
 */
export interface Operation {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** As the router spells it: `/threads/:thread_id`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** A request that means something, for people who try it. */
  readonly example?: { readonly query?: string; readonly body?: unknown };
  /** What it answers when all is well, by status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Statuses of problems, besides those that follow from the request's schemas (400, 413 and 422). */
  readonly problems?: readonly number[];
}

export interface Answer {
  readonly description: string;
  /** Absent when there is no body. */
  readonly content?: { readonly type: string; readonly schema: TSchema };
  /** Headers that clients read. */
  readonly headers?: readonly string[];
}

/** Operations of one feature. */
export const operations = (tag: string, list: readonly Omit<Operation, "tag">[]): readonly Operation[] =>
  list.map((operation) => ({ tag, ...operation }));

export const json = (description: string, schema: TSchema, ...headers: readonly string[]): Answer => ({
  description,
  content: { type: "application/json", schema },
  headers,
});
export const events = (description: string, ...headers: readonly string[]): Answer => ({
  description,
  content: { type: "text/event-stream", schema: Type.String() },
  headers,
});
export const text = (description: string, type: string): Answer => ({
  description,
  content: { type, schema: Type.String() },
});
export const nothing = (description: string, ...headers: readonly string[]): Answer => ({ description, headers });
