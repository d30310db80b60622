import type { Metrics } from "@graphfleet/chassis";
import {
  type Authorizer,
  type ContextFor,
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
  makeRecallOutput,
  makeManageThreads,
  makeSignals,
  makeThreadState,
  type RunQueue,
  type Storage,
  type StreamBus,
  type WebhookGate,
  type WorkerRoll,
} from "@graphfleet/domain";
import type { HttpApp } from "@graphfleet/runtime";
import express, { type Express, Router } from "express";
import { assistantGraphRoutes } from "./assistants/assistant-graphs.routes.js";
import { assistantRoutes } from "./assistants/assistants.routes.js";
import { cronRoutes } from "./crons/crons.routes.js";
import { authenticate, authenticateFirst, type Login } from "./auth/authenticate.js";
import { OPEN_PATHS } from "./auth/open-paths.js";
import { Audience } from "./http/audience.js";
import { bodyReader, jsonBody, type ReadBody } from "./http/body.js";
import type { Feature, HttpRules } from "./http/http-rules.js";
import { type HttpMetrics, httpMetrics } from "./http/http-metrics.js";
import { noWebSockets } from "./http/no-websockets.js";
import { problemHandler, unknownRoute } from "./http/problem.js";
import { requestId } from "./http/request-id.js";
import { noteBuiltIn } from "./http/served-by.js";
import { mountApp } from "./custom/mount-app.js";
import { bulkRunRoutes } from "./runs/bulk-runs.routes.js";
import type { ApiSecurity } from "./auth/api-security.js";
import { openApiRoutes } from "./openapi/openapi.routes.js";
import { operationsWithout } from "./operations.js";
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
  /** What the API document says of logging in. */
  readonly security?: ApiSecurity | null;
  /** How the project's own encryption tells requests apart; absent when it does not. */
  readonly contextFor?: ContextFor | null;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly info: ServerInfo;
  /** What `/ok?check_db=1` asks, by name. Each rejects when it cannot be reached. */
  readonly services: Readonly<Record<string, () => Promise<void>>>;
  readonly maxBodyBytes: number;
  /** Streams and waits that may be open at once; 0 = any number. */
  readonly maxStreams: number;
  readonly rules: HttpRules;
  /** The project's own web app, in front of our routes. */
  readonly custom: HttpApp["app"] | null;
  /** What becomes of a run whose listener goes away, when its request does not say. */
  readonly onDisconnect: OnDisconnect;
}

/** The front door, from the first middleware to the last. `stopping` tells when to send clients elsewhere. */
export function buildApp(parts: AppParts, stopping: Stopping): Express {
  const { log, metrics, rules, custom } = parts;
  const http = httpMetrics(metrics, log, rules.loggedHeaders);
  const readBody = bodyReader({ limitBytes: parts.maxBodyBytes });
  const builtIns = builtInRoutes(parts, stopping, http, readBody);

  const front = Router();
  if (custom !== null) {
    const { login, contextFor = null } = parts;
    if (rules.authFirst)
      front.use(
        authenticateFirst({ login, readBody, runHeaders: rules.runHeaders, contextFor, open: openPaths(rules) }),
      );
    front.use(mountApp({ app: custom, inner: served(Router().use(requestId, builtIns), log), readBody, log }));
  }
  front.use(builtIns);

  const all = Router().use(requestId, http.middleware, rules.cors, noWebSockets);
  all.use(rules.prefix === "" ? "/" : asPath(rules.prefix), front);
  // Probes of a platform that put us under a prefix do not know of it.
  if (rules.prefix !== "") all.get("/ok", builtIns);
  return served(all, log);
}

/** Routes as a server of their own. */
function served(routes: Router, log: Log): Express {
  const app = express();
  app.disable("etag");
  app.disable("x-powered-by");
  app.use(routes);
  app.use(unknownRoute);
  app.use(problemHandler(log));
  return app;
}

/** A path with nothing in it that Express would take for a pattern. */
const asPath = (text: string): string => text.replaceAll(/[{}()[\]+?!:*\\]/g, "\\$&");

function builtInRoutes(parts: AppParts, stopping: Stopping, http: HttpMetrics, readBody: ReadBody): Router {
  const { storage, bus, metrics, login, contextFor = null, rules } = parts;
  const { disabled, runHeaders } = rules;
  const useCases = makeUseCases(parts);
  const audience = new Audience({ stopping, max: parts.maxStreams, metrics });
  const isOn = (feature: Feature): boolean => !disabled.has(feature);

  const routes = Router().use(noteBuiltIn);
  const ask = authenticate({ login, readBody, runHeaders, contextFor });
  // By the router's own idea of paths, which is the one that finds the routes.
  if (rules.guarded.length > 0) routes.all([...rules.guarded], ask);
  const meta = {
    info: parts.info,
    services: parts.services,
    runs: storage.runs,
    roll: parts.roll,
    metrics,
    http,
    stopping,
  };
  routes.use(systemRoutes({ ...meta, onlyOk: !isOn("meta") }));
  if (isOn("meta")) {
    const { info, security = null } = parts;
    const { version } = info;
    const operations = operationsWithout(disabled);
    routes.use(openApiRoutes({ version, operations, prefix: rules.prefix, security, open: openPaths(rules) }));
  }
  routes.use(ask, jsonBody(readBody));
  if (isOn("assistants")) {
    routes.use(assistantRoutes(useCases.manageAssistants));
    routes.use(assistantGraphRoutes(useCases.describeAssistant));
  }
  if (isOn("threads")) {
    routes.use(threadRoutes(useCases.manageThreads));
    routes.use(threadStateRoutes(useCases.threadState));
    routes.use(threadStreamRoutes({ ...useCases, audience }));
  }
  if (isOn("runs")) {
    routes.use(cronRoutes(useCases.manageCrons));
    routes.use(bulkRunRoutes(useCases));
    routes.use(runCreationRoutes({ ...useCases, onDisconnect: parts.onDisconnect, audience }));
    routes.use(runJoiningRoutes({ ...useCases, bus, audience }));
    routes.use(runRoutes({ ...useCases, stopping }));
    routes.use(webhookRoutes(useCases.manageDeliveries));
  }
  if (isOn("store")) routes.use(storeRoutes(useCases.manageItems));
  return routes;
}

const openPaths = ({ guarded }: HttpRules): readonly string[] => OPEN_PATHS.filter((path) => !guarded.includes(path));

function makeUseCases(parts: AppParts) {
  const { storage, bus, queue, control, catalog: graphs, states, memory, describer, authorizer, ids, log } = parts;
  const { webhooks, webhookGate } = parts;
  const signals = makeSignals({ queue, control, bus, log });
  const followRun = makeFollowRun({ storage, bus });
  const recallOutput = makeRecallOutput({ storage, states });
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
    recallOutput,
    awaitRun: makeAwaitRun({ followRun, recallOutput }),
    cancelRun,
    cancelRuns: makeCancelRuns({ storage, authorizer, signals, forgetRun }),
    cancelAbandoned: makeCancelAbandoned({ cancelRun, log }),
  };
}
