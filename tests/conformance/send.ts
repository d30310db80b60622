import type { WireRequest } from "./arbitraries.js";

export interface WireAnswer {
  readonly status: number;
  readonly type: string;
  /** Null when the answer takes its time: its status is all that is decided. */
  readonly text: string | null;
}

/** Longer than any answer may take that is not a stream. */
const PATIENCE_MS = 20_000;

/** Sends a request and reads the answer; of streams and of waiting bodies only the head. @throws when none comes. */
export async function send(url: string, { method, path, headers, body }: WireRequest): Promise<WireAnswer> {
  const hangUp = new AbortController();
  const timer = setTimeout(() => hangUp.abort(new Error("no answer")), PATIENCE_MS);
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      signal: hangUp.signal,
      ...(body === undefined ? {} : { body }),
    });
    const type = response.headers.get("content-type") ?? "";
    const takesTime = response.ok && /\/(stream|wait|join)(\?|$)/.test(path);
    if (takesTime) hangUp.abort();
    return { status: response.status, type, text: takesTime ? null : await response.text() };
  } finally {
    clearTimeout(timer);
  }
}
