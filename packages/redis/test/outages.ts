import { openPrivateRedis, type PrivateRedis, redisPrefix, silentLog } from "@graphfleet/testkit";
import { openRedis, type RedisLink } from "../src/connection.js";
import { RedisRunQueue } from "../src/run-queue.js";
import { RedisStreamBus, type StreamBusOptions } from "../src/stream-bus.js";

const COMMAND_TIMEOUT_MS = 1000;

/** Connections to a server of one test file's own, which may be emptied, stopped and started again. */
export class Outages {
  readonly #server: PrivateRedis | null;
  readonly #closers: (() => unknown)[] = [];

  private constructor(server: PrivateRedis | null) {
    this.#server = server;
    afterEach(async () => {
      for (const close of this.#closers.splice(0)) await close();
    });
    afterAll(() => server?.close());
  }

  static async open(): Promise<Outages> {
    const server = await openPrivateRedis();
    if (server === null) process.stderr.write("SKIPPED: tests of Redis outages. There is no Redis to start here.\n");
    return new Outages(server);
  }

  /** `describe`, or where no server can be started `describe.skip`. */
  get describe(): jest.Describe {
    return this.#server === null ? describe.skip : describe;
  }

  get server(): PrivateRedis {
    if (this.#server === null) throw new Error("there is no Redis to start here");
    return this.#server;
  }

  /** Closes it after the test, before what was opened earlier. */
  closeLater(close: () => unknown): void {
    this.#closers.unshift(close);
  }

  async openLink(keyPrefix = redisPrefix()): Promise<RedisLink> {
    const { uri } = this.server;
    const link = await openRedis({ uri, keyPrefix, commandTimeoutMs: COMMAND_TIMEOUT_MS, log: silentLog });
    this.closeLater(() => link.close());
    return link;
  }

  openBus(link: RedisLink, options: StreamBusOptions = {}): RedisStreamBus {
    const bus = new RedisStreamBus(link, { idleMs: 200, flushWaitMs: 10_000, ...options });
    this.closeLater(() => bus.close());
    return bus;
  }

  openQueue(link: RedisLink): RedisRunQueue {
    const queue = new RedisRunQueue(link);
    this.closeLater(() => queue.close());
    return queue;
  }

  /** Stops the server; resolves when this client has noticed. */
  async stopServer(link: RedisLink): Promise<void> {
    await this.server.stop();
    if (link.ready) await new Promise<void>((resolve) => void link.command.once("close", () => resolve()));
  }
}

/** Resolves when the connection works again. */
export async function back(link: RedisLink): Promise<void> {
  if (!link.ready) await new Promise<void>((resolve) => void link.command.once("ready", () => resolve()));
}
