import { isDeepStrictEqual } from "node:util";
import { assistantIdOf, assistantToRun } from "../assistants/resolve-assistant.js";
import type { Authorizer } from "../auth/authorizer.js";
import type { Caller } from "../auth/caller.js";
import { cronNotFound, threadNotFound } from "../errors.js";
import type { GraphCatalog } from "../graphs/graph-catalog.js";
import type { CronId, Ids, ThreadId } from "../ids.js";
import { isObject, type Json, type JsonObject, objectOrEmpty } from "../json.js";
import type { Page } from "../page.js";
import type { Storage } from "../storage.js";
import type { WebhookGate } from "../webhooks/webhook-gate.js";
import type { Cron, CronFilter, CronQuery, CronTiming, RunTemplate } from "./cron.js";
import { checkTiming, nextFiring } from "./next-firing.js";

export interface ManageCronsDeps {
  readonly storage: Storage;
  readonly authorizer: Authorizer;
  readonly graphs: GraphCatalog;
  readonly ids: Ids;
  /** Looks at URLs that runs of a cron are to be told on; without it, only the delivery does. */
  readonly webhookGate?: WebhookGate;
}

export interface CreateCronRequest extends CronTiming {
  /** Assistant id or graph id. */
  readonly assistant: string;
  readonly threadId: ThreadId | null;
  readonly onRunCompleted: "delete" | "keep";
  readonly enabled: boolean;
  readonly template: RunTemplate;
  readonly metadata: JsonObject;
}

/** Absent members stay as they are; a null time zone or end is none. Metadata is merged, key by key. */
export interface CronPatch extends Partial<CronTiming> {
  readonly enabled?: boolean;
  readonly onRunCompleted?: "delete" | "keep";
  readonly template?: Partial<RunTemplate>;
  readonly metadata?: JsonObject;
}

/** A filter whose assistant may be named by its graph. */
export type CronSearch<Filter extends CronFilter> = Omit<Filter, "assistantId"> & { readonly assistant?: string };

/** Crons: runs that start because time passed. The scheduler fires them; see `makeFireCrons`. */
export function makeManageCrons({ storage, authorizer, graphs, ids, webhookGate }: ManageCronsDeps) {
  const { crons } = storage;

  return {
    /** @throws DomainError `assistant_not_found`, `graph_not_found`, `thread_not_found`, `invalid_request`. */
    async createCron(request: CreateCronRequest, caller: Caller): Promise<Cron> {
      const { assistant: reference, threadId, template: asked, onRunCompleted, ...wanted } = request;
      const id = ids.cron();
      const { value } = await authorizer.authorize(caller, "crons:create", {
        cron_id: id,
        assistant_id: reference,
        thread_id: threadId,
        user_id: caller.identity,
        schedule: wanted.schedule,
        end_time: wanted.endTime?.toISOString() ?? null,
        metadata: wanted.metadata,
        payload: payloadOf(asked),
      });
      const template = { ...asked, ...leftOf(asked, value.payload) };
      const assistant = await assistantToRun(reference, { assistants: storage.assistants, graphs, authorizer }, caller);
      await checkWebhook(template.webhook);
      const metadata = objectOrEmpty(value.metadata);
      const now = await crons.now();
      checkTiming(wanted, now);
      // Who may not run something there may not plan it either. What is said now holds for every firing.
      const running = await authorizer.authorize(caller, "threads:create_run", {
        thread_id: threadId,
        assistant_id: assistant.id,
        status: "pending",
        metadata,
        multitask_strategy: template.multitaskStrategy,
        kwargs: { input: template.input, config: template.config, context: template.context },
      });
      const cron = {
        ...wanted,
        id,
        assistantId: assistant.id,
        threadId,
        onRunCompleted: threadId === null ? onRunCompleted : null,
        nextRunAt: wanted.enabled ? nextFiring(wanted, now) : null,
        userId: caller.identity,
        template,
        metadata,
        owner: { caller, scope: running.scope, stamp: changed(metadata, objectOrEmpty(running.value.metadata)) },
      };
      if (threadId === null) return await crons.insert(cron);

      return await storage.transaction(async (tx) => {
        // Locked, so that a deletion of the thread finds the cron, or the cron no thread.
        if ((await tx.threads.lock(threadId, running.scope)) === null) throw threadNotFound(threadId);
        return await tx.crons.insert(cron);
      });
    },

    async getCron(id: CronId, caller: Caller): Promise<Cron> {
      const { scope } = await authorizer.authorize(caller, "crons:read", { cron_id: id });
      return found(await crons.get(id, scope));
    },

    /** @throws DomainError `cron_not_found`, `invalid_request`. */
    async patchCron(id: CronId, patch: CronPatch, caller: Caller): Promise<Cron> {
      const { scope, value } = await authorizer.authorize(caller, "crons:update", {
        cron_id: id,
        ...(patch.schedule === undefined ? {} : { schedule: patch.schedule }),
        ...(patch.endTime === undefined ? {} : { end_time: patch.endTime?.toISOString() ?? null }),
        ...(patch.template === undefined ? {} : { payload: payloadOf(patch.template) }),
        ...(patch.metadata === undefined ? {} : { metadata: patch.metadata }),
      });
      const { metadata, payload } = value as JsonObject;
      const { template: asked, metadata: _, onRunCompleted, ...rest } = patch;
      const template = asked === undefined ? undefined : { ...asked, ...leftOf(asked, payload) };
      await checkWebhook(template?.webhook);

      return await storage.transaction(async (tx) => {
        const cron = found(await tx.crons.lock(id, scope));
        const wanted = { ...cron, ...rest };
        return await tx.crons.update(id, {
          ...rest,
          ...(isRetimed(patch) ? { nextRunAt: retimed(wanted, patch, await tx.crons.now()) } : {}),
          ...(onRunCompleted === undefined || cron.threadId !== null ? {} : { onRunCompleted }),
          ...(template === undefined ? {} : { template: { ...cron.template, ...template } }),
          ...(isObject(metadata) ? { metadata: { ...cron.metadata, ...metadata } } : {}),
        });
      });
    },

    async deleteCron(id: CronId, caller: Caller): Promise<void> {
      const { scope } = await authorizer.authorize(caller, "crons:delete", { cron_id: id });
      if (!(await crons.delete(id, scope))) throw cronNotFound();
    },

    async searchCrons(query: CronSearch<CronQuery>, caller: Caller): Promise<Page<Cron>> {
      const asked: JsonObject = { ...searched(query), limit: query.limit, offset: query.offset };
      const { scope, value } = await authorizer.authorize(caller, "crons:search", asked);
      const resolved = withAssistant({ ...query, metadata: objectOrEmpty(value.metadata) });
      return resolved === null ? { items: [], total: 0 } : await crons.search(resolved, scope);
    },

    async countCrons(filter: CronSearch<CronFilter>, caller: Caller): Promise<number> {
      const { scope, value } = await authorizer.authorize(caller, "crons:search", searched(filter));
      const resolved = withAssistant({ ...filter, metadata: objectOrEmpty(value.metadata) });
      return resolved === null ? 0 : await crons.count(resolved, scope);
    },

    /** The clock that crons go by. */
    now: () => crons.now(),
  };

  async function checkWebhook(url: string | null | undefined): Promise<void> {
    if (typeof url === "string") await webhookGate?.admit(url);
  }

  /** Null when the name can be no assistant's. */
  function withAssistant<Filter extends { readonly assistant?: string }>({ assistant, ...filter }: Filter) {
    if (assistant === undefined) return filter;
    const assistantId = assistantIdOf(assistant, graphs);
    return assistantId === null ? null : { ...filter, assistantId };
  }
}

export type ManageCrons = ReturnType<typeof makeManageCrons>;

type Payload = Pick<RunTemplate, "input" | "config" | "context">;

/** What runs are given, as authorization is told of it. */
const payloadOf = ({ input, config, context }: Partial<Payload>): JsonObject => ({
  ...(input === undefined ? {} : { input }),
  ...(config === undefined ? {} : { config }),
  ...(context === undefined ? {} : { context }),
});

/** The members that were asked about, as authorization left them. What it took away altogether stays. */
function leftOf(asked: Partial<Payload>, payload: Json | undefined): Partial<Payload> {
  const { input, config, context } = { ...asked, ...objectOrEmpty(payload) };
  return {
    ...(asked.input === undefined || input === undefined ? {} : { input }),
    ...(asked.config === undefined || !isObject(config) ? {} : { config }),
    ...(asked.context === undefined || context === undefined ? {} : { context }),
  };
}

const isRetimed = ({ schedule, timezone, endTime, enabled }: CronPatch): boolean =>
  [schedule, timezone, endTime, enabled].some((change) => change !== undefined);

function retimed(wanted: Cron, patch: CronPatch, now: Date): Date | null {
  // An end that lies behind us may stay there.
  checkTiming({ ...wanted, endTime: patch.endTime ?? null }, now);
  return wanted.enabled ? nextFiring(wanted, now) : null;
}

function found(cron: Cron | null): Cron {
  if (cron === null) throw cronNotFound();
  return cron;
}

/** The members of `after` that are not as they were. */
const changed = (before: JsonObject, after: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(after).filter(([key, value]) => !isDeepStrictEqual(value, before[key])));

const searched = (filter: CronSearch<CronFilter>): JsonObject => ({
  assistant_id: filter.assistant ?? null,
  thread_id: filter.threadId ?? null,
  metadata: filter.metadata ?? {},
});
