import { setTimeout as sleep } from "node:timers/promises";
import type { History } from "../history.js";
import { type Http, reasonOf } from "./http.js";

export interface StreamRead {
  readonly run: string | null;
  readonly ids: readonly number[];
  readonly steps: readonly string[];
  readonly connections: number;
  readonly ended: boolean;
  /** Length of the largest event. */
  readonly heaviest: number;
}

/** The server's heartbeat comes every 5 s: who hears nothing for so long is not connected any more. */
const SILENT_MS = 17_000;
const AGAIN_MS = 300;

/**
 * Creates a run with a stream and reads it to its end, coming back behind the last event as often as the connection
 * breaks.
 *
 * @param thread null for a run without one.
 * @param reconnectAfter leaves by itself after so many events, once; null to stay.
 * @param slowMs pause after each piece, for readers that take their time.
 */
export async function readStream(
  http: Http,
  history: History,
  { thread, body, reconnectAfter, slowMs = 0, onRun, going }: StreamRequest,
): Promise<StreamRead> {
  const ids: number[] = [];
  const steps: string[] = [];
  let run: string | null = null;
  let leaveAfter = reconnectAfter;
  let connections = 0;
  let heaviest = 0;
  const runs = thread === null ? "/runs" : `/threads/${thread}/runs`;

  const read = async (response: Response): Promise<void> => {
    if (response.body === null) throw new Error("no body");
    for await (const event of eventsOf(response.body, slowMs)) {
      heaviest = Math.max(heaviest, event.data.length);
      if (event.id !== null) ids.push(event.id);
      if (event.name === "updates") steps.push(...stepsOf(event.data));
      if (leaveAfter !== null && ids.length >= leaveAfter) {
        leaveAfter = null;
        throw new Error("left");
      }
    }
  };

  for (;;) {
    connections += 1;
    const silence = new Silence(SILENT_MS);
    try {
      const response: Response =
        run === null
          ? await fetch(`${http.base}${runs}/stream`, {
              method: "POST",
              headers: { "content-type": "application/json" },
              body: JSON.stringify(body),
              signal: silence.signal,
            })
          : await fetch(`${http.base}${runs}/${run}/stream`, {
              headers: { "last-event-id": String(ids.at(-1) ?? -1) },
              signal: silence.signal,
            });
      if (!response.ok) throw new Error(`status ${response.status}`);
      if (run === null) {
        run = /\/runs\/([0-9a-f-]{36})$/.exec(response.headers.get("content-location") ?? "")?.[1] ?? null;
        if (run !== null) onRun(run);
      }
      await read(new Response(response.body?.pipeThrough(silence.listening())));
      return { run, ids, steps, connections, ended: true, heaviest };
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== "left") history.add({ kind: "trouble", what: run === null ? "create stream" : "stream", reason });
      if (run === null || !going()) return { run, ids, steps, connections, ended: false, heaviest };
      await sleep(AGAIN_MS);
    } finally {
      silence.end();
    }
  }
}

export interface StreamRequest {
  readonly thread: string | null;
  readonly body: unknown;
  readonly reconnectAfter: number | null;
  readonly slowMs?: number;
  readonly onRun: (run: string) => void;
  readonly going: () => boolean;
}

/** Aborts when nothing came for a while. */
class Silence {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#controller.abort(new Error("silent")), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  listening(): TransformStream<Uint8Array, Uint8Array> {
    return new TransformStream({
      transform: (bytes, out) => {
        this.#timer.refresh();
        out.enqueue(bytes);
      },
    });
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }
}

interface SseEvent {
  readonly name: string;
  readonly id: number | null;
  readonly data: string;
}

async function* eventsOf(body: ReadableStream<Uint8Array>, slowMs: number): AsyncGenerator<SseEvent> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
    if (slowMs > 0) await sleep(slowMs);
    rest += decoder.decode(bytes, { stream: true });
    const frames = rest.split("\n\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(frame)?.[1];
      const id = field("id");
      yield { name: field("event") ?? "", id: id === undefined ? null : Number(id), data: field("data") ?? "" };
    }
  }
}

/** What the step nodes added to the log. */
function stepsOf(data: string): readonly string[] {
  const update = JSON.parse(data) as { step?: { log?: string[] } };
  return update.step?.log ?? [];
}
