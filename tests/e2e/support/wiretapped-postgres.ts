import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "@graphfleet/embedded";

/** What a client said first: who it is, and how it sets up its session. */
interface Tap {
  readonly applicationName: string;
  readonly said: string;
}

const FIRST_BYTES = 4096;

/** A Postgres over a wire where one can hear who connects. */
export class WiretappedPostgres {
  /** The same database, over the wire. */
  readonly uri: string;
  readonly #server: Server;
  readonly #open = new Map<Socket, { said: string }>();
  readonly #all: { said: string }[] = [];
  readonly #most = new Map<string, number>();

  private constructor(uri: string, server: Server) {
    this.uri = uri;
    this.#server = server;
  }

  static async to(target: string): Promise<WiretappedPostgres> {
    const uri = new URL(target);
    const { hostname, port } = uri;
    const listenPort = await freePort();
    uri.port = String(listenPort);
    uri.hostname = "127.0.0.1";
    const server = createServer();
    const wire = new WiretappedPostgres(uri.href, server);
    server.on("connection", (client) => wire.#tap(client, connect(Number(port), hostname)));
    server.listen(listenPort, "127.0.0.1");
    await once(server, "listening");
    return wire;
  }

  /** Every connection that there was. */
  get taps(): readonly Tap[] {
    return this.#all.map((tap) => ({ applicationName: nameOf(tap.said), said: tap.said }));
  }

  /** Most connections that a process, such as `worker-1`, had open at once. */
  mostOf(service: string): number {
    return this.#most.get(service) ?? 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#open.keys()) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #tap(client: Socket, server: Socket): void {
    const tap = { said: "" };
    this.#open.set(client, tap);
    this.#all.push(tap);
    client.on("data", (bytes: Buffer) => {
      if (tap.said.length >= FIRST_BYTES) return;
      tap.said += bytes.toString("latin1");
      this.#count(nameOf(tap.said));
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.setNoDelay(true);
      socket.pipe(other);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#open.delete(client);
        other.destroy();
      });
    }
  }

  #count(name: string): void {
    // "graphfleet-worker-1-beat-heartbeat" belongs to the process "worker-1".
    const owner = /^graphfleet-(\w+-\d+)/.exec(name)?.[1];
    if (owner === undefined) return;
    const open = [...this.#open.values()].filter(({ said }) => nameOf(said).startsWith(`graphfleet-${owner}`)).length;
    this.#most.set(owner, Math.max(open, this.#most.get(owner) ?? 0));
  }
}

/** From the startup message: names and values, each ended by a zero. */
const nameOf = (said: string): string => /application_name\0([^\0]*)\0/.exec(said)?.[1] ?? "";
