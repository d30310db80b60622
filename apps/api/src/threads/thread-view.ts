import { asThreadId, type Thread, type ThreadFilter } from "@graphfleet/domain";
import { given } from "../http/given.js";
import type { ThreadFilterWire } from "./threads.schemas.js";

/** A thread, or the part of one that a search read. */
export const threadView = (thread: Partial<Thread>) =>
  given({
    thread_id: thread.id,
    created_at: thread.createdAt?.toISOString(),
    updated_at: thread.updatedAt?.toISOString(),
    state_updated_at: thread.stateUpdatedAt === null ? null : thread.stateUpdatedAt?.toISOString(),
    metadata: thread.metadata,
    config: thread.config,
    status: thread.status,
    values: thread.values,
    interrupts: thread.interrupts,
    error: thread.error,
  });

export const toThreadFilter = (body: ThreadFilterWire): ThreadFilter =>
  given({ ids: body.ids?.map(asThreadId), metadata: body.metadata, values: body.values, status: body.status });
