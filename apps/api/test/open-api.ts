import { Metrics } from "@graphfleet/chassis";
import {
  allowAll,
  DEFAULT_URL_RULES,
  type GraphDescriber,
  type GraphStates,
  isObject,
  makeLongTermMemory,
  makeWebhookGate,
  randomIds,
  systemAssistantId,
} from "@graphfleet/domain";
import { MemoryControlChannel, MemoryRunQueue, MemoryStreamBus, MemoryWorkerRoll } from "@graphfleet/memory";
import type { HttpSettings } from "@graphfleet/runtime";
import { openLedger, silentLog, type TestLedger } from "@graphfleet/testkit";
import { openHouse } from "../src/auth/authenticate.js";
import { type HttpRules, httpRules } from "../src/http/http-rules.js";
import { type Api, type ApiParts, startApi } from "../src/api.js";

/** The whole API on a loopback port, with a real ledger and everything else in this process. */
export interface TestApi {
  readonly url: string;
  readonly ledger: TestLedger;
  readonly bus: MemoryStreamBus;
  readonly queue: MemoryRunQueue;
  readonly webhooks: MemoryRunQueue;
  readonly control: MemoryControlChannel;
  readonly roll: MemoryWorkerRoll;
  readonly api: Api;
  /** Sends JSON and reads the answer whole. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined when it is no JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any;
}

const GRAPHS = ["agent", "echo"];

/** For tests that read no state. */
const noStates: GraphStates = {
  get: async () => ({
    values: {},
    next: [],
    tasks: [],
    metadata: {},
    createdAt: null,
    checkpoint: null,
    parentCheckpoint: null,
  }),
  history: async () => [],
  prepareUpdate: () => Promise.reject(new Error("no graphs here")),
  prepareSupersteps: () => Promise.reject(new Error("no graphs here")),
  output: async () => "{}",
};

/** Says what it was asked. */
const echoDescriber: GraphDescriber = {
  drawing: async (graphId, config, { xray }) => ({ graphId, config, xray }),
  schemas: async (graphId, config) => ({ graph_id: graphId, config }),
  subgraphs: async (graphId, _config, { namespace, recurse }) => ({ [namespace ?? graphId]: { recurse } }),
};

export async function openApi(
  more: Partial<ApiParts> | ((ledger: TestLedger) => Promise<Partial<ApiParts>>) = {},
): Promise<TestApi> {
  const ledger = await openLedger();
  const bus = new MemoryStreamBus({ idleMs: 200 });
  const queue = new MemoryRunQueue(silentLog);
  const webhooks = new MemoryRunQueue(silentLog);
  const control = new MemoryControlChannel();
  const roll = new MemoryWorkerRoll();
  const { storage } = ledger;

  const parts: Omit<ApiParts, "port"> = {
    storage,
    bus,
    queue,
    webhooks,
    webhookGate: makeWebhookGate({ rules: DEFAULT_URL_RULES, resolve: async () => [] }),
    control,
    catalog: { ids: () => GRAPHS, known: () => GRAPHS, has: (id) => GRAPHS.includes(id), failure: () => null },
    roll,
    states: noStates,
    memory: makeLongTermMemory({
      items: storage.items,
      embedder: null,
      defaultTtlMinutes: null,
      refreshOnRead: true,
    }),
    describer: echoDescriber,
    authorizer: allowAll,
    login: openHouse,
    ids: randomIds,
    log: silentLog,
    metrics: new Metrics({ process: false }),
    info: { version: "1.2.3", langgraphVersion: "1.4.18", crons: true, langsmith: false },
    services: { postgres: () => storage.ping() },
    maxBodyBytes: 1024 * 1024,
    maxStreams: 0,
    rules: rulesOf(),
    custom: null,
    onDisconnect: "continue",
    host: "127.0.0.1",
    shutdown: { drainMs: 1000 },
    ...(typeof more === "function" ? await more(ledger) : more),
  };
  await storage.assistants.syncSystem(
    parts.catalog.ids().map((graphId) => ({
      id: systemAssistantId(graphId),
      graphId,
      description: null,
      config: {},
      context: {},
    })),
  );
  const api = await listenSomewhere(parts);
  const url = `http://127.0.0.1:${api.port}`;

  return {
    url,
    ledger,
    bus,
    queue,
    webhooks,
    control,
    roll,
    api,
    call: (method, path, body, headers) => call(`${url}${path}`, method, body, headers),
    async close() {
      await api.close();
      bus.close();
      queue.close();
      webhooks.close();
      await ledger.close();
    },
  };
}

/** What `http` of a project makes of a server; with `origins` from the environment. */
export const rulesOf = (settings: Partial<HttpSettings> = {}, origins: readonly string[] = ["*"]): HttpRules =>
  httpRules({
    settings: { configurableHeaders: null, loggingHeaders: null, ...settings },
    corsOrigins: origins,
    prefix: settings.mount_prefix ?? "",
  });

async function call(url: string, method: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: jsonOf(text) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Ports below the range that the kernel gives to outgoing connections. */
export const somePort = (): number => 20_000 + Math.floor(Math.random() * 12_000);

export async function listenSomewhere(parts: Omit<ApiParts, "port">): Promise<Api> {
  for (;;) {
    try {
      return await startApi({ ...parts, port: somePort() });
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (!(isObject(cause) && cause.code === "EADDRINUSE")) throw error;
    }
  }
}
