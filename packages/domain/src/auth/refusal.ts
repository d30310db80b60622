import { DomainError } from "../errors.js";

/**
 * The project's own authentication or authorization said no, in its own words: with a status, a message and headers of
 * its choice.
 */
export class AuthRefusal extends DomainError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}, cause?: unknown) {
    super(status === 401 ? "unauthenticated" : "forbidden", message, {}, cause);
    this.status = status;
    this.headers = headers;
  }
}

/** The answer is ours to frame: its length and form are not what the project thinks they are. */
const FRAMING = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "keep-alive",
  "transfer-encoding",
]);

/**
 * What was thrown, as a refusal; null when it is an ordinary error. Whoever has a `status` and `headers` is a refusal: the
 * SDK's `HTTPException` may be another copy than ours, so its class tells nothing.
 */
export function refusalOf(error: unknown): AuthRefusal | null {
  if (error instanceof AuthRefusal) return error;
  if (typeof error !== "object" || error === null || !("status" in error) || !("headers" in error)) return null;
  const { status, headers } = error;
  if (typeof status !== "number" || !Number.isInteger(status) || status < 300 || status > 599) return null;
  const said = "message" in error && typeof error.message === "string" ? error.message : "";
  return new AuthRefusal(status, said === "" ? wordsFor(status) : said, headersOf(headers), error);
}

function headersOf(given: unknown): Record<string, string> {
  if (typeof given !== "object" || given === null) return {};
  try {
    // A record, a list of pairs or a Headers object: whatever it is, this is who reads it.
    const headers = new Headers(given as Record<string, string>);
    return Object.fromEntries([...headers].filter(([name]) => !FRAMING.has(name)));
  } catch {
    return {};
  }
}

const wordsFor = (status: number): string => (status === 401 ? "Unauthorized" : "Forbidden");
