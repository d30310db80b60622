import { Pool } from "undici";
import { sseReader } from "./sse.mjs";

/** More than the largest number of requests a scenario holds open at once. */
const CONNECTIONS_MAX = 1_200;

/**
 * A plain HTTP client of one server, without retries: a failed request is a result, not something to hide.
 * @typedef {ReturnType<typeof openClient>} Client
 */

/**
 * @param {string} baseUrl
 * @param {AbortSignal} signal ends every open request; set it to bound a scenario
 */
export function openClient(baseUrl, signal) {
  const { origin, pathname } = new URL(baseUrl);
  const prefix = pathname.replace(/\/$/, "");
  // Waiting and streaming requests are silent for as long as a run takes; the signal bounds them instead.
  const pool = new Pool(origin, { connections: CONNECTIONS_MAX, headersTimeout: 0, bodyTimeout: 0 });

  /** @param {"GET" | "POST"} method @param {string} path @param {unknown} [body] */
  const send = async (method, path, body) => {
    const response = await pool.request({
      method,
      path: prefix + path,
      signal,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
    });
    if (response.statusCode >= 300) {
      const text = await response.body.text();
      throw new Error(`HTTP ${response.statusCode} on ${method} ${withoutIds(path)}: ${text.slice(0, 120)}`);
    }
    return response;
  };

  return {
    /** @param {string} path @returns {Promise<any>} */
    get: async (path) => JSON.parse(await (await send("GET", path)).body.text()),

    /** @param {string} path */
    text: async (path) => (await send("GET", path)).body.text(),

    /** @param {string} path @param {unknown} body @returns {Promise<any>} */
    post: async (path, body) => JSON.parse(await (await send("POST", path, body)).body.text()),

    /**
     * Posts and reads the answer as server-sent events; resolves when the server closes the stream.
     * @param {string} path @param {unknown} body
     * @param {(event: { event: string, data: string, id: string | null }) => void} onEvent
     */
    stream: async (path, body, onEvent) => {
      const response = await send("POST", path, body);
      const read = sseReader(onEvent);
      response.body.setEncoding("utf8");
      for await (const piece of response.body) read(piece);
    },

    close: async () => pool.destroy(),
  };
}

/** Errors are counted by their text, so ids have to go. @param {string} path */
const withoutIds = (path) => path.replaceAll(/[\da-f]{8}-[\da-f-]{27}/g, "{id}");
