import { Client } from "@langchain/langgraph-sdk";
import { Ajv, type ValidateFunction } from "ajv";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describeFleet, repositoryPath, TestFleet } from "../e2e/support/fleet.js";
import { type Known, requestsTo, type WireRequest } from "./arbitraries.js";
import { type Document, type Endpoint, endpointsOf } from "./document.js";
import { send, type WireAnswer } from "./send.js";

/** Operations of the official server that this one does not have yet, and why. */
const LATER: readonly { readonly operations: RegExp; readonly reason: string }[] = [
  { operations: / \/mcp\//, reason: "MCP is a protocol of its own, on top of assistants and runs" },
  { operations: / \/a2a\//, reason: "A2A is a protocol of its own, on top of assistants and runs" },
];

/** For all endpoints together; each gets its share of what is left. */
const FUZZ_MS = 45_000;
const REQUESTS_PER_ENDPOINT = 150;
/** Even when time is short. */
const SHARE_MIN_MS = 100;
/** A busy machine takes a second for what each endpoint needs before its requests. */
const TEST_TIMEOUT_MS = 300_000;
/** Longer than any run of these graphs may take; a client that waits for ever would not say for what. */
const RUN_PATIENCE_MS = 30_000;

describeFleet("the API, by its own document", () => {
  let fleet: TestFleet;
  let document: Document;

  beforeAll(async () => {
    fleet = await TestFleet.start({ workers: 1 });
    document = (await (await fetch(`${fleet.url}/openapi.json`)).json()) as Document;
  });
  afterAll(() => fleet?.stop());

  test("has every operation of the official server", () => {
    const official = JSON.parse(
      readFileSync(repositoryPath("tests/conformance/official-operations.json"), "utf8"),
    ) as readonly string[];
    const ours = new Set(endpointsOf(document).map(({ name }) => shapeOf(name)));
    const isLater = (name: string) => LATER.some(({ operations }) => operations.test(name));

    expect(official.filter((name) => !ours.has(shapeOf(name)) && !isLater(name))).toEqual([]);
    expect(official.filter((name) => ours.has(shapeOf(name)) && isLater(name))).toEqual([]);
  });

  test(
    "answers whatever is sent as its document says, and stays up",
    async () => {
      const validators = new Validators(document);
      const endpoints = endpointsOf(document);
      const deadline = performance.now() + FUZZ_MS;

      for (const [index, endpoint] of endpoints.entries()) {
        const known = await populate(fleet, endpoint).catch((error: unknown) => {
          throw new Error(`before ${endpoint.name}: the fleet did not do its work. It said:\n${fleet.said()}`, {
            cause: error,
          });
        });
        const property = fc.asyncProperty(requestsTo(endpoint, known), async (request) => {
          const answer = await send(fleet.url, request);
          const wrong = validators.complaint(endpoint, answer);
          if (wrong !== null) throw new Error(`${wrong}\n${inShort(request)}`);
        });
        const left = (deadline - performance.now()) / (endpoints.length - index);
        const share = fc.interruptAfterTimeLimit(Math.max(SHARE_MIN_MS, left));
        const { counterexample, seed, errorInstance } = await fc.check(property, {
          numRuns: REQUESTS_PER_ENDPOINT,
          plugins: [share],
        });
        // Interrupted before its first request was answered is no failure of the server.
        if (counterexample !== null) throw new Error(`${endpoint.name}: ${String(errorInstance)}\nseed ${seed}`);
      }

      expect(await (await fetch(`${fleet.url}/ok?check_db=1`)).json()).toEqual({ ok: true });
      expect([...fleet.api, ...fleet.workers, ...fleet.schedulers].filter(({ alive }) => !alive)).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );
});

/** Names of path parameters are nobody's business. */
const shapeOf = (name: string): string => name.replaceAll(/\{\w+\}/g, "{}");

const inShort = ({ method, path, headers, body }: WireRequest): string =>
  `${method} ${path.slice(0, 400)} ${JSON.stringify(headers)}\n${body === undefined ? "no body" : body.slice(0, 1500)}`;

/** A thread with a run and a checkpoint, and an assistant, for requests to speak of. */
async function populate({ url }: TestFleet, { method }: Endpoint): Promise<Known> {
  const client = new Client({ apiUrl: url, timeoutMs: RUN_PATIENCE_MS, callerOptions: { maxRetries: 0 } });
  const assistant = await client.assistants.create({ graphId: "echo" });
  const thread = await client.threads.create();
  await client.runs.wait(thread.thread_id, "echo", { input: {} });
  const runs = await client.runs.list(thread.thread_id);
  const cron = (await client.crons.create("echo", { schedule: "@yearly" })) as unknown as { readonly cron_id: string };
  const state = await client.threads.getState(thread.thread_id);
  const graphs = ["echo", "counter", "subgraph"];
  return {
    // Nobody should lose the graphs' own assistants.
    assistant_id: method === "DELETE" ? [assistant.assistant_id] : [assistant.assistant_id, ...graphs],
    graph_id: graphs,
    thread_id: [thread.thread_id],
    run_id: runs.map(({ run_id }) => run_id),
    cron_id: [cron.cron_id],
    checkpoint_id: [state.checkpoint.checkpoint_id ?? ""],
  };
}

class Validators {
  readonly #document: Document;
  readonly #ajv = new Ajv({ strict: false, validateFormats: false });
  readonly #made = new Map<string, ValidateFunction>();

  constructor(document: Document) {
    this.#document = document;
  }

  /** What is wrong with an answer; null when nothing is. */
  complaint(endpoint: Endpoint, { status, type, text }: WireAnswer): string | null {
    if (status >= 500) return `answered ${status}: ${text}`;
    // A path with something odd in it may be another endpoint's, or nobody's.
    const declared = endpoint.operation.responses[String(status)];
    if (declared === undefined) return [400, 404].includes(status) ? null : `answered ${status}, undeclared: ${text}`;
    if (status !== 200 || text === null || !type.startsWith("application/json")) return null;

    const validate = this.#validatorOf(endpoint);
    if (validate === null || validate(JSON.parse(text))) return null;
    return `answered something else than declared: ${this.#ajv.errorsText(validate.errors)}\n${text.slice(0, 500)}`;
  }

  #validatorOf({ name, operation }: Endpoint): ValidateFunction | null {
    const schema = operation.responses["200"]?.content?.["application/json"]?.schema;
    if (schema === undefined) return null;
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const made = this.#ajv.compile({ ...schema, components: this.#document.components });
    this.#made.set(name, made);
    return made;
  }
}
