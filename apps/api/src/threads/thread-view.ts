import {
  asThreadId,
  type FoundThread,
  type SuperstepUpdate,
  type Thread,
  type ThreadFilter,
  type TtlWish,
} from "@graphfleet/domain";
import { given } from "../http/given.js";
import type { SuperstepsWire, ThreadFilterWire, TtlWire } from "./threads.schemas.js";

/** A thread, or the part of one that a search read. */
export const threadView = (thread: FoundThread) =>
  given({
    thread_id: thread.id,
    created_at: thread.createdAt?.toISOString(),
    updated_at: thread.updatedAt?.toISOString(),
    state_updated_at: thread.stateUpdatedAt === null ? null : thread.stateUpdatedAt?.toISOString(),
    metadata: thread.metadata,
    config: thread.config,
    context: thread.context === null ? {} : thread.context,
    status: thread.status,
    values: thread.values,
    interrupts: thread.interrupts,
    error: errorOf(thread),
    extracted: thread.extracted,
  });

/** The ledger keeps the note of a failure while the next run waits; the thread is in error no more, though. */
const errorOf = ({ status, error }: FoundThread) => (error === undefined || status === "error" ? error : null);

/** How long the thread has to live; null when it has no lifetime. Only told to those who ask. */
export const ttlView = ({ ttl }: Thread) =>
  ttl === null ? null : { strategy: ttl.strategy, ttl_minutes: ttl.minutes, expires_at: ttl.expiresAt.toISOString() };

export function toTtl(ttl: TtlWire): TtlWish | undefined {
  if (ttl === undefined) return undefined;
  if (typeof ttl === "number") return { minutes: ttl, strategy: "delete" };
  return { minutes: ttl.ttl, strategy: ttl.strategy ?? "delete" };
}

export const toSupersteps = (supersteps: SuperstepsWire): readonly (readonly SuperstepUpdate[])[] =>
  (supersteps ?? []).map(({ updates }) =>
    updates.map(({ values, command, as_node }) => ({
      asNode: as_node,
      ...given({ values, command: command === undefined ? undefined : given(command) }),
    })),
  );

export const toThreadFilter = (body: ThreadFilterWire): ThreadFilter =>
  given({ ids: body.ids?.map(asThreadId), metadata: body.metadata, values: body.values, status: body.status });
