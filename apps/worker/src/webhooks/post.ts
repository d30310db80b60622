import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIPv6 } from "node:net";

export interface PostRequest {
  readonly url: URL;
  /** Where the host is, as it was checked. The connection goes to one of these, whatever a name server says by then. */
  readonly addresses: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  readonly location: string | null;
  readonly retryAfter: string | null;
}

/** Answers are not read, only drained so that the receiver can finish its sentence: this much, this long. */
const DRAIN_BYTES = 64 * 1024;
const DRAIN_MS = 1000;

/**
 * Posts once, over a connection of its own, and follows nothing.
 *
 * @throws when there is no answer: what the network says, or the reason of `signal`.
 */
export function post({ url, addresses, headers, body, signal }: PostRequest): Promise<PostAnswer> {
  const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  const [first] = found;
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
      method: "POST",
      headers,
      signal,
      // A connection that is kept might lead to an address that was checked under other rules.
      agent: false,
      lookup: (_host, options, callback) => {
        if (first === undefined) callback(new Error("no address"), "", 0);
        else if (options.all === true) callback(null, found);
        else callback(null, first.address, first.family);
      },
    });
    request.once("error", (error) => reject(signal.aborted ? (signal.reason as Error) : error));
    request.once("response", (response) => {
      const { statusCode = 0, headers: answered } = response;
      let read = 0;
      response.on("data", (chunk: Buffer) => {
        read += chunk.length;
        if (read > DRAIN_BYTES) response.destroy();
      });
      const patience = setTimeout(() => response.destroy(), DRAIN_MS);
      response.once("close", () => clearTimeout(patience));
      // The status is all that counts, and it is here.
      response.on("error", () => undefined);
      request.on("error", () => undefined);
      resolve({
        status: statusCode,
        location: answered.location ?? null,
        retryAfter: answered["retry-after"] ?? null,
      });
    });
    request.end(body);
  });
}
