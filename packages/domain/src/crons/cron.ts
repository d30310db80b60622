import type { Caller } from "../auth/caller.js";
import type { Scope } from "../auth/scope.js";
import type { AssistantId, CronId, ThreadId } from "../ids.js";
import type { JsonObject } from "../json.js";
import type { PageRequest, Sort } from "../page.js";
import type { RunRequest } from "../runs/run-request.js";

/** What every run of a cron is made from. */
export type RunTemplate = Pick<
  RunRequest,
  | "input"
  | "config"
  | "context"
  | "webhook"
  | "interruptBefore"
  | "interruptAfter"
  | "multitaskStrategy"
  | "streamModes"
  | "streamSubgraphs"
  | "streamResumable"
  | "durability"
>;

/** When a cron fires. */
export interface CronTiming {
  /** Five or six fields (seconds first), or a macro. */
  readonly schedule: string;
  /** IANA name; null is UTC. */
  readonly timezone: string | null;
  /** Nothing fires after this moment. */
  readonly endTime: Date | null;
}

export interface Cron extends CronTiming {
  readonly id: CronId;
  readonly assistantId: AssistantId;
  /** Null: every firing makes a thread of its own. */
  readonly threadId: ThreadId | null;
  /** What becomes of a firing's own thread; null for crons on a thread. */
  readonly onRunCompleted: "delete" | "keep" | null;
  readonly enabled: boolean;
  /** Null when it will not fire: disabled, or past its end. */
  readonly nextRunAt: Date | null;
  /** Who made it. */
  readonly userId: string | null;
  readonly template: RunTemplate;
  /** Also given to every run. */
  readonly metadata: JsonObject;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Who a cron's runs are for. Kept with the cron and never shown to a client. */
export interface CronOwner {
  readonly caller: Caller;
  /** On which threads it may run something, as authorization said when it was made. */
  readonly scope: Scope;
  /** What authorization wrote on its runs then, such as the name of their owner. */
  readonly stamp: JsonObject;
}

export interface NewCron extends Omit<Cron, "createdAt" | "updatedAt"> {
  readonly owner: CronOwner;
}

/** What a change of a cron writes; what is absent stays. */
export type CronChanges = Partial<
  Pick<Cron, "schedule" | "timezone" | "endTime" | "enabled" | "onRunCompleted" | "template" | "metadata" | "nextRunAt">
>;

export interface CronFilter {
  readonly assistantId?: AssistantId;
  readonly threadId?: ThreadId;
  readonly enabled?: boolean;
  readonly metadata?: JsonObject;
}

export const CRON_SORTS = [
  "cron_id",
  "assistant_id",
  "thread_id",
  "next_run_date",
  "end_time",
  "created_at",
  "updated_at",
] as const;

export interface CronQuery extends CronFilter, PageRequest {
  readonly sort: Sort<(typeof CRON_SORTS)[number]>;
}
