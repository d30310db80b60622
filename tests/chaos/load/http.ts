import { setTimeout as sleep } from "node:timers/promises";
import type { History } from "../history.js";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** A request that got no answer, or one that says nothing about what happened. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
  /** Path of the run in question, when the server got as far as to name it. */
  readonly location: string | null;

  constructor(reason: string, location: string | null = null) {
    super(reason);
    this.location = location;
  }
}

/** A wait may take as long as it takes the fleet to heal. */
const TIMEOUT_MS = 150_000;
const AGAIN_MS = 400;

/** Asks, and writes down what went wrong. */
export class Http {
  readonly base: string;
  readonly #history: History;

  constructor(base: string, history: History) {
    this.base = base;
    this.#history = history;
  }

  /** One request. @throws Unanswered for a broken connection and for 5xx. */
  async once(method: string, path: string, body?: unknown): Promise<Answer> {
    let location: string | null = null;
    try {
      const response = await fetch(`${this.base}${path}`, {
        method,
        headers: { "content-type": "application/json" },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      location = response.headers.get("content-location");
      const text = await response.text();
      if (response.status >= 500) throw new Unanswered(`${response.status}`, location);
      const isJson = response.headers.get("content-type")?.includes("json") === true && text.trim() !== "";
      return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
    } catch (error) {
      const reason = reasonOf(error);
      this.#history.add({ kind: "trouble", what: `${method} ${shapeOf(path)}`, reason });
      throw error instanceof Unanswered ? error : new Unanswered(reason, location);
    }
  }

  /** Again and again until there is an answer. For what may be repeated, and while `going` says so. */
  async surely(method: string, path: string, body?: unknown, going: () => boolean = () => true): Promise<Answer> {
    for (;;) {
      try {
        return await this.once(method, path, body);
      } catch (error) {
        if (!(error instanceof Unanswered) || !going()) throw error;
        await sleep(AGAIN_MS);
      }
    }
  }
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause as { code?: string; message?: string } | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}

/** The path without its ids. */
const shapeOf = (path: string): string => path.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "{id}").replace(/\?.*/, "");
