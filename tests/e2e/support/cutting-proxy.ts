import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "@graphfleet/embedded";

/** A wire between a client and a server that can be cut or go dead. Connections made later work. */
export class CuttingProxy {
  readonly url: string;
  /** Requests that the server answered so far. Connections say less: Node's fetch opens some that it never uses. */
  answered = 0;
  /** Called with everything that the server says, after it was passed on. */
  onAnswer: (text: string) => void = () => undefined;
  readonly #open = new Set<Socket>();
  readonly #close: () => void;

  private constructor(url: string, close: () => void) {
    this.url = url;
    this.#close = close;
  }

  static async to(target: string): Promise<CuttingProxy> {
    const { hostname, port } = new URL(target);
    const listenPort = await freePort();
    const server = createServer();
    const proxy = new CuttingProxy(`http://127.0.0.1:${listenPort}`, () => server.close());
    server.on("connection", (client) => proxy.#wire(client, connect(Number(port), hostname)));
    server.listen(listenPort, "127.0.0.1");
    await once(server, "listening");
    return proxy;
  }

  /** Resets every open connection. */
  cut(): void {
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  /** Nothing passes any more, and nobody is told: what is left of a connection when a machine loses its power. */
  freeze(): void {
    for (const socket of this.#open) {
      socket.unpipe();
      socket.pause();
    }
  }

  close(): void {
    this.cut();
    this.#close();
  }

  #wire(client: Socket, server: Socket): void {
    server.on("data", (bytes: Buffer) => {
      const text = bytes.toString("latin1");
      if (text.startsWith("HTTP/1.1 ")) this.answered += 1;
      this.onAnswer(text);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#open.add(socket);
      socket.setNoDelay(true);
      socket.pipe(other);
      // A reset is what this proxy is for; the other side has to learn of it too.
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#open.delete(socket);
        other.destroy();
      });
    }
  }
}
