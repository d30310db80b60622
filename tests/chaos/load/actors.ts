import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Durability, History } from "../history.js";
import { Random } from "../random.js";
import { Http, Unanswered } from "./http.js";
import { readStream } from "./read-stream.js";
import { cronKeeper, hooked } from "./timed-actors.js";

/** Megabytes are work for a small machine. */
const SLOW_READERS_REST_MS = 5_000;

/** One kind of client. Each call is one thing that it does, on a thread of its own. */
type Actor = (client: ChaosClient) => Promise<void>;

interface Order {
  readonly steps: number;
  readonly ms: number;
  readonly strategy?: "enqueue" | "interrupt" | "rollback";
  readonly spared?: boolean;
  readonly durability?: Durability;
  readonly webhook?: string;
}

export interface ClientParts {
  readonly name: string;
  readonly url: string;
  /** Where webhooks may go. */
  readonly hookUrl: string;
  readonly history: History;
  readonly random: Random;
  /** Whether new work is begun. */
  readonly working: () => boolean;
  /** Whether there is time to finish what was begun. */
  readonly going: () => boolean;
}

/** What actors do, written down as they do it. */
export class ChaosClient {
  readonly http: Http;
  readonly history: History;
  readonly random: Random;
  readonly hookUrl: string;
  readonly working: () => boolean;
  readonly going: () => boolean;
  readonly #name: string;
  #count = 0;

  constructor({ name, url, hookUrl, history, random, working, going }: ClientParts) {
    this.http = new Http(url, history);
    this.history = history;
    this.random = random;
    this.hookUrl = hookUrl;
    this.working = working;
    this.going = going;
    this.#name = name;
  }

  async thread(): Promise<string> {
    const thread_id = randomUUID();
    await this.http.surely("POST", "/threads", { thread_id, if_exists: "do_nothing" }, this.going);
    return thread_id;
  }

  mark(): string {
    this.#count += 1;
    return `${this.#name}:${this.#count}`;
  }

  /** Half of the runs say nothing about it. */
  durability(...others: readonly Durability[]): Durability {
    return this.random.next() < 0.5 ? "async" : this.random.pick(others);
  }

  body(mark: string, { steps, ms, strategy = "enqueue", durability = "async", webhook }: Order) {
    return {
      assistant_id: "counter",
      input: { log: [mark], steps, ms },
      metadata: { mark, steps },
      multitask_strategy: strategy,
      stream_mode: ["updates", "custom"],
      stream_resumable: true,
      ...(durability === "async" ? {} : { durability }),
      ...(webhook === undefined ? {} : { webhook }),
    };
  }

  acknowledge(run: string, thread: string, mark: string, { steps, strategy = "enqueue", spared = true }: Order): void {
    this.history.add({ kind: "acknowledged", run, thread, mark, steps, strategy, spared });
  }

  /** @returns the run's id; null when there was no answer. */
  async create(thread: string, order: Order): Promise<string | null> {
    const mark = this.mark();
    try {
      const { status, body } = await this.http.once("POST", `/threads/${thread}/runs`, this.body(mark, order));
      if (status !== 200) throw new Error(`a good run was refused: ${status} ${JSON.stringify(body)}`);
      const { run_id } = body as { run_id: string };
      this.acknowledge(run_id, thread, mark, order);
      return run_id;
    } catch (error) {
      this.unsure(thread, mark, error);
      return null;
    }
  }

  unsure(thread: string, mark: string, error: unknown): void {
    if (!(error instanceof Unanswered)) throw error;
    this.history.add({ kind: "unsure", thread, mark, reason: error.message });
  }

  async pause(): Promise<void> {
    await sleep(this.random.between(200, 1_500));
  }
}

/** Creates and forgets. */
const background: Actor = async (client) => {
  const thread = await client.thread();
  const durability = client.durability("sync", "exit");
  await client.create(thread, { steps: client.random.between(1, 10), ms: client.random.between(0, 500), durability });
};

/** Waits for its answer, and asks for it again when the connection breaks. */
const waiter: Actor = async (client) => {
  const { http, history } = client;
  const thread = await client.thread();
  const mark = client.mark();
  const order = { steps: client.random.between(2, 12), ms: client.random.between(50, 500) };
  let run: string | undefined;
  let answer: unknown;
  try {
    const { body, headers } = await http.once("POST", `/threads/${thread}/runs/wait`, client.body(mark, order));
    run = runOf(headers.get("content-location"));
    if (run !== undefined) client.acknowledge(run, thread, mark, order);
    answer = body;
  } catch (error) {
    run = error instanceof Unanswered ? runOf(error.location) : undefined;
    if (run === undefined) return client.unsure(thread, mark, error);
    client.acknowledge(run, thread, mark, order);
    answer = (await http.surely("GET", `/threads/${thread}/runs/${run}/join`, undefined, client.going)).body;
  }
  if (run !== undefined) history.add({ kind: "answered", run, mark, log: (answer as { log?: string[] }).log ?? null });
};

/** Reads a stream to its end, however often it breaks; sometimes breaks it itself. */
const streamer: Actor = async (client) => {
  const { http, history, random } = client;
  const thread = await client.thread();
  const mark = client.mark();
  const durability = client.durability("sync");
  const order = { steps: random.between(3, 25), ms: random.between(20, 500), durability };
  const reconnectAfter = random.next() < 0.3 ? random.between(1, order.steps) : null;
  const { run, ...read } = await readStream(http, history, {
    thread,
    body: client.body(mark, order),
    reconnectAfter,
    onRun: (id) => client.acknowledge(id, thread, mark, order),
    going: client.going,
  });
  if (run === null) client.unsure(thread, mark, new Unanswered("no stream"));
  else history.add({ kind: "streamed", run, ...read, durability, heavy: 0 });
};

/** Waits for a run that has no thread, and so no checkpoints: after a crash it begins anew. */
const stateless: Actor = async (client) => {
  const { http, history, random } = client;
  const mark = client.mark();
  const steps = random.between(1, 6);
  const { metadata: _none, ...body } = client.body(mark, { steps, ms: random.between(0, 400) });
  const since = Date.now();
  let run: string | undefined;
  let answer: unknown;
  try {
    const { body: said, headers } = await http.once("POST", "/runs/wait", body);
    run = runOf(headers.get("content-location"));
    answer = said;
  } catch (error) {
    // Nobody can ask for a run without an id.
    run = error instanceof Unanswered ? runOf(error.location) : undefined;
    if (run === undefined) throw error;
    answer = (await http.surely("GET", `/runs/${run}/join`, undefined, client.going)).body;
  }
  const { log = null } = answer as { log?: string[] };
  if (run !== undefined) history.add({ kind: "stateless", run, mark, steps, since, log });
};

/** Streams a run that has no thread. */
const statelessStreamer: Actor = async (client) => {
  const { http, history, random } = client;
  const steps = random.between(1, 8);
  // Without a mark: no thread's log is held against it.
  const body = { ...client.body(client.mark(), { steps, ms: 200 }), metadata: { steps } };
  const { run, ...read } = await readStream(http, history, {
    thread: null,
    body,
    reconnectAfter: null,
    onRun: () => undefined,
    going: client.going,
  });
  if (run !== null) history.add({ kind: "streamed", run, ...read, durability: "exit", heavy: 0 });
};

/** Takes long to read something large. */
const slowReader: Actor = async (client) => {
  const { http, history, random } = client;
  const thread = await client.thread();
  const mark = client.mark();
  const bytes = random.between(1_000_000, 4_000_000);
  const { run, ...read } = await readStream(http, history, {
    thread,
    body: { assistant_id: "big", input: { bytes }, stream_mode: ["values"], stream_resumable: true },
    reconnectAfter: null,
    slowMs: 100,
    onRun: (id) => client.acknowledge(id, thread, mark, { steps: 0, ms: 0 }),
    going: client.going,
  });
  if (run !== null) history.add({ kind: "streamed", run, ...read, durability: "async", heavy: bytes });
  await sleep(SLOW_READERS_REST_MS);
};

/** A burst on one thread; it runs in order. */
const burst: Actor = async (client) => {
  const thread = await client.thread();
  const size = client.random.between(3, 6);
  for (let i = 0; i < size; i++) {
    const order = { steps: client.random.between(1, 4), ms: client.random.between(0, 250) };
    await client.create(thread, { ...order, strategy: "enqueue" });
  }
};

/** Each run replaces the one before. Nobody replaces the last. */
const storm: Actor = async (client) => {
  const { random } = client;
  const thread = await client.thread();
  const size = random.between(2, 6);
  for (let i = 0; i < size; i++) {
    const strategy = random.pick(["interrupt", "rollback"] as const);
    await client.create(thread, { steps: random.between(2, 20), ms: 150, strategy, spared: i === size - 1 });
    await sleep(random.between(0, 700));
  }
};

/** Cancels, waits for it to be so, and looks whether it is. */
const canceller: Actor = async (client) => {
  const { http, history, random } = client;
  const thread = await client.thread();
  const run = await client.create(thread, { steps: 30, ms: 200, spared: false });
  if (run === null) return;
  await sleep(random.between(0, 2_000));
  const path = `/threads/${thread}/runs/${run}`;
  const action = random.pick(["interrupt", "rollback"]);
  // A run that was rolled back cannot be found when it is asked for again: gone, as it should be.
  await http.surely("POST", `${path}/cancel?wait=1&action=${action}`, undefined, client.going);
  const after = await http.surely("GET", path, undefined, client.going);
  const status = after.status === 404 ? "gone" : (after.body as { status: string }).status;
  history.add({ kind: "cancelled", run, status });
};

/** Every kind of client, and how many there are. What one writes into the history, a rule in `check/` looks at. */
const ACTORS: readonly (readonly [string, Actor, number])[] = [
  ["background", background, 2],
  ["waiter", waiter, 2],
  ["streamer", streamer, 4],
  ["burst", burst, 2],
  ["storm", storm, 2],
  ["canceller", canceller, 1],
  ["stateless", stateless, 1],
  ["stateless-streamer", statelessStreamer, 1],
  ["slow-reader", slowReader, 1],
  ["hooked", hooked, 1],
  ["cron-keeper", cronKeeper, 1],
];

/**
 * Keeps the fleet busy until `working` says no; then each actor finishes what it has begun, while `going` says that there
 * is time. @returns when all are done.
 */
export async function makeLoad({
  seed,
  ...parts
}: Omit<ClientParts, "name" | "random"> & { readonly seed: number }): Promise<void> {
  const all = ACTORS.flatMap(([name, act, count]) =>
    Array.from({ length: count }, (_, i) => ({ name: `${name}-${i + 1}`, act })),
  );
  await Promise.all(
    all.map(async ({ name, act }, i) => {
      const client = new ChaosClient({ ...parts, name, random: new Random(seed + i + 1) });
      while (parts.working()) {
        try {
          await act(client);
        } catch (error) {
          if (!(error instanceof Unanswered)) throw error;
        }
        await client.pause();
      }
    }),
  );
}

const runOf = (location: string | null): string | undefined => /\/runs\/([0-9a-f-]{36})$/.exec(location ?? "")?.[1];
