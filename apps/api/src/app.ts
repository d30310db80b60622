import type { Metrics } from "@graphfleet/chassis";
import {
  type Authorizer,
  type ControlChannel,
  type GraphCatalog,
  type GraphDescriber,
  type GraphStates,
  type Ids,
  type Log,
  type LongTermMemory,
  makeAwaitRun,
  makeCancelRun,
  makeCancelRuns,
  makeCreateRuns,
  makeDescribeAssistant,
  makeFollowRun,
  makeFollowThread,
  makeForgetRun,
  makeManageAssistants,
  makeManageCrons,
  makeManageDeliveries,
  makeManageItems,
  makeManageRuns,
  makeManageThreads,
  makeSignals,
  makeThreadState,
  type RunQueue,
  type Storage,
  type StreamBus,
  type WebhookGate,
  type WorkerRoll,
} from "@graphfleet/domain";
import express, { type Express } from "express";
import { assistantGraphRoutes } from "./assistants/assistant-graphs.routes.js";
import { assistantRoutes } from "./assistants/assistants.routes.js";
import { cronRoutes } from "./crons/crons.routes.js";
import { authenticate, type Login } from "./auth/authenticate.js";
import { bodyReader, jsonBody } from "./http/body.js";
import { cors } from "./http/cors.js";
import { httpMetrics } from "./http/http-metrics.js";
import { problemHandler, unknownRoute } from "./http/problem.js";
import { requestId } from "./http/request-id.js";
import { bulkRunRoutes } from "./runs/bulk-runs.routes.js";
import { openApiRoutes } from "./openapi/openapi.routes.js";
import { OPERATIONS } from "./operations.js";
import { makeCancelAbandoned } from "./runs/cancel-abandoned.js";
import { type OnDisconnect, runCreationRoutes } from "./runs/run-creation.routes.js";
import { runJoiningRoutes } from "./runs/run-joining.routes.js";
import { runRoutes } from "./runs/runs.routes.js";
import type { Stopping } from "./stopping.js";
import { storeRoutes } from "./store/store.routes.js";
import type { ServerInfo } from "./system/info-view.js";
import { systemRoutes } from "./system/system.routes.js";
import { threadStateRoutes } from "./threads/thread-state.routes.js";
import { threadStreamRoutes } from "./threads/thread-stream.routes.js";
import { threadRoutes } from "./threads/threads.routes.js";
import { webhookRoutes } from "./webhooks/webhooks.routes.js";

/** What the API is made of: the ports of the domain, and its own few settings. */
export interface AppParts {
  readonly storage: Storage;
  readonly bus: StreamBus;
  readonly queue: RunQueue;
  /** Rings for webhooks. */
  readonly webhooks: RunQueue;
  readonly webhookGate: WebhookGate;
  readonly control: ControlChannel;
  readonly roll: Pick<WorkerRoll, "slots">;
  readonly catalog: GraphCatalog;
  readonly states: GraphStates;
  readonly memory: LongTermMemory;
  readonly describer: GraphDescriber;
  readonly authorizer: Authorizer;
  readonly login: Login;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly info: ServerInfo;
  /** What `/ok?check_db=1` asks, by name. Each rejects when it cannot be reached. */
  readonly services: Readonly<Record<string, () => Promise<void>>>;
  readonly maxBodyBytes: number;
  readonly corsOrigins: readonly string[];
  /** What becomes of a run whose listener goes away, when its request does not say. */
  readonly onDisconnect: OnDisconnect;
}

/** The front door, from the first middleware to the last. `stopping` tells when to send clients elsewhere. */
export function buildApp(parts: AppParts, stopping: Stopping): Express {
  const { storage, bus, log, metrics } = parts;
  const useCases = makeUseCases(parts);
  const http = httpMetrics(metrics, log);
  const readBody = bodyReader({ limitBytes: parts.maxBodyBytes });

  const app = express();
  app.disable("etag");
  app.disable("x-powered-by");

  app.use(requestId, http.middleware, cors({ origins: parts.corsOrigins }));
  app.use(
    systemRoutes({
      info: parts.info,
      services: parts.services,
      runs: storage.runs,
      roll: parts.roll,
      metrics,
      http,
      stopping,
    }),
  );
  app.use(openApiRoutes({ version: parts.info.version, operations: OPERATIONS }));
  app.use(authenticate({ login: parts.login, readBody }), jsonBody(readBody));
  app.use(assistantRoutes(useCases.manageAssistants));
  app.use(assistantGraphRoutes(useCases.describeAssistant));
  app.use(threadRoutes(useCases.manageThreads));
  app.use(threadStateRoutes(useCases.threadState));
  app.use(threadStreamRoutes({ ...useCases, stopping }));
  app.use(cronRoutes(useCases.manageCrons));
  app.use(bulkRunRoutes(useCases));
  app.use(runCreationRoutes({ ...useCases, onDisconnect: parts.onDisconnect, stopping }));
  app.use(runJoiningRoutes({ ...useCases, bus, stopping }));
  app.use(runRoutes({ ...useCases, stopping }));
  app.use(webhookRoutes(useCases.manageDeliveries));
  app.use(storeRoutes(useCases.manageItems));
  app.use(unknownRoute);
  app.use(problemHandler(log));
  return app;
}

function makeUseCases(parts: AppParts) {
  const { storage, bus, queue, control, catalog: graphs, states, memory, describer, authorizer, ids, log } = parts;
  const { webhooks, webhookGate } = parts;
  const signals = makeSignals({ queue, control, bus, log });
  const followRun = makeFollowRun({ storage, bus });
  const forgetRun = makeForgetRun({ storage, states });
  const cancelRun = makeCancelRun({ storage, authorizer, signals, followRun, forgetRun });
  const manageThreads = makeManageThreads({ storage, authorizer, states, signals, bus, ids });
  return {
    manageAssistants: makeManageAssistants({ storage, authorizer, graphs, ids, manageThreads }),
    describeAssistant: makeDescribeAssistant({ storage, authorizer, graphs, describer }),
    manageCrons: makeManageCrons({ storage, authorizer, graphs, ids, webhookGate }),
    manageItems: makeManageItems({ memory, authorizer }),
    manageThreads,
    threadState: makeThreadState({ storage, authorizer, states, bus }),
    followThread: makeFollowThread({ storage, authorizer, bus }),
    createRuns: makeCreateRuns({ storage, graphs, authorizer, signals, ids, webhookGate }),
    manageRuns: makeManageRuns({ storage, authorizer, forgetRun }),
    manageDeliveries: makeManageDeliveries({ storage, authorizer, webhooks, log }),
    followRun,
    awaitRun: makeAwaitRun({ storage, followRun, states }),
    cancelRun,
    cancelRuns: makeCancelRuns({ storage, authorizer, signals, forgetRun }),
    cancelAbandoned: makeCancelAbandoned({ cancelRun, log }),
  };
}
