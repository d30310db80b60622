import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { freePort } from "@graphfleet/embedded";

/** A request as it came, its body in bytes. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Answers a request, or does not. `nth` counts the requests of its path, from 1. */
export type Answer = (res: ServerResponse, nth: number) => void;

export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (res) =>
    void res.writeHead(code, headers).end();
export const silence: Answer = () => undefined;
/** One answer after the other; the last one from then on. */
export const inTurn =
  (...answers: readonly Answer[]): Answer =>
  (res, nth) =>
    answers[Math.min(nth, answers.length) - 1]!(res, nth);

/** Somebody who is told of runs. Each test has a path of its own. */
export class Receiver {
  readonly url: string;
  readonly #server: Server;
  readonly #answers: Map<string, Answer>;
  readonly #received: Received[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(server: Server, answers: Map<string, Answer>) {
    this.#server = server;
    const { address, port } = server.address() as AddressInfo;
    this.url = `http://${address}:${port}`;
    server.on("request", (req, res: ServerResponse) => {
      const chunks: Buffer[] = [];
      req.on("data", (chunk: Buffer) => chunks.push(chunk));
      req.on("end", () => {
        const { method = "", url: path = "", headers } = req;
        this.#received.push({ method, path, headers, body: Buffer.concat(chunks) });
        (answers.get(path) ?? status(204))(res, this.of(path).length);
        for (const look of this.#waiting) look();
      });
    });
    this.#answers = answers;
  }

  static async start(address = "127.0.0.1"): Promise<Receiver> {
    const server = createServer().listen(await freePort(), address);
    await once(server, "listening");
    return new Receiver(server, new Map());
  }

  /** The URL of a path, which is answered so; 204 when nothing is said. */
  at(path: string, answer: Answer = status(204)): string {
    this.#answers.set(path, answer);
    return `${this.url}${path}`;
  }

  /** Everything that a path was sent so far; of all paths when none is named. */
  of(path?: string): readonly Received[] {
    return path === undefined ? this.#received : this.#received.filter((one) => one.path === path);
  }

  /** The requests of a path, as soon as there are so many. */
  async next(path: string, count = 1): Promise<readonly Received[]> {
    while (this.of(path).length < count)
      await new Promise<void>((resolve) => {
        const look = () => {
          this.#waiting.delete(look);
          resolve();
        };
        this.#waiting.add(look);
      });
    return this.of(path);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export const idOf = ({ headers }: Received): string => String(headers["x-graphfleet-delivery"]);
export const attemptOf = ({ headers }: Received): string => String(headers["x-graphfleet-attempt"]);
