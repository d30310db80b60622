import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { somePort } from "../../test/open-api.js";
import { type Listener, listenerOf } from "./disconnect.js";
import { sendEvents, type SseEvent } from "./sse.js";
import { sendWhenReady } from "./wait-body.js";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Serves one handler, which gets the response and who listens to it. */
async function serve(
  handle: (res: ServerResponse, listener: Listener) => Promise<void>,
  stopping: AbortSignal = new AbortController().signal,
): Promise<{ url: string; handled: Promise<void>; port: number }> {
  let settle: (handled: Promise<void>) => void = () => undefined;
  const handled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  server = createServer((_req, res) => settle(handle(res, listenerOf(res, stopping))));
  await new Promise<void>((resolve) => {
    server?.on("error", () => server?.listen(somePort(), "127.0.0.1"));
    server?.listen(somePort(), "127.0.0.1", resolve);
    server?.once("listening", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, handled, port };
}

const never = new Promise<never>(() => undefined);
const event = (id: number, data = `{"n":${id}}`): SseEvent => ({ event: "values", data, id });

async function* few(count: number): AsyncGenerator<SseEvent> {
  for (let n = 0; n < count; n++) yield event(n);
}

/** Some events, then silence until nobody listens. */
async function* thenSilence(count: number, signal: AbortSignal): AsyncGenerator<SseEvent> {
  yield* few(count);
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}

describe("sendEvents", () => {
  test("sends headers before the first event, for proxies and clients that would wait", async () => {
    const { url } = await serve((res, listener) => sendEvents(res, thenSilence(0, listener.signal), listener));

    const { status, headers } = await fetch(url);

    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-store, no-transform",
      "x-accel-buffering": "no",
    });
  });

  test("ends by ending", async () => {
    const { url, handled } = await serve((res, listener) => sendEvents(res, few(2), listener));
    expect(await (await fetch(url)).text()).toBe(
      'event: values\ndata: {"n":0}\nid: 0\n\nevent: values\ndata: {"n":1}\nid: 1\n\n',
    );
    await handled;
  });

  test("beats with one newline, from the start and for as long as it is open", async () => {
    const times = { heartbeatMs: 5, drainMs: 60_000 };
    const { url } = await serve((res, listener) => sendEvents(res, thenSilence(1, listener.signal), listener, times));

    const beats = await readUntil(url, (text) => text.split(": heartbeat\n").length > 3);

    expect(beats).toMatch(/^(?:: heartbeat\n)*event: values\ndata: {"n":0}\nid: 0\n\n(?:: heartbeat\n){2,}/);
  });

  test("cuts the response when the process stops: an end would mean that the run is over", async () => {
    const stopping = new AbortController();
    const { url, handled } = await serve(
      (res, listener) => sendEvents(res, thenSilence(1, listener.signal), listener),
      stopping.signal,
    );
    const response = await fetch(url);
    const reader = response.body!.getReader();
    await reader.read();

    stopping.abort();

    await expect(reader.read()).rejects.toThrow("terminated");
    await handled;
  });

  test("cuts the response when the source breaks, after what it had said", async () => {
    async function* broken(): AsyncGenerator<SseEvent> {
      yield event(0);
      throw new Error("the source broke");
    }
    const { url, handled } = await serve((res, listener) => sendEvents(res, broken(), listener));
    handled.catch(() => undefined);
    const reader = (await fetch(url)).body!.getReader();

    expect(new TextDecoder().decode((await reader.read()).value)).toContain('data: {"n":0}');
    await expect(reader.read()).rejects.toThrow("terminated");
    await expect(handled).rejects.toThrow("the source broke");
  });

  test("a client that leaves ends the source", async () => {
    let farewell: string | null = null;
    const { url, handled } = await serve(async (res, listener) => {
      await sendEvents(res, thenSilence(1, listener.signal), listener);
      farewell = listener.farewell();
    });
    const leaving = new AbortController();
    await fetch(url, { signal: leaving.signal });

    leaving.abort();

    await handled;
    expect(farewell).toBe("client_left");
  });

  test("a reader that takes nothing stops its source, and is cut off", async () => {
    const big = "x".repeat(256 * 1024);
    let asked = 0;
    async function* endless(): AsyncGenerator<SseEvent> {
      for (;;) yield event(asked++, big);
    }
    let farewell: string | null = null;
    const { port, handled } = await serve(async (res, listener) => {
      await sendEvents(res, endless(), listener, { heartbeatMs: 1000, drainMs: 50 });
      farewell = listener.farewell();
    });
    const socket = connect(port, "127.0.0.1");
    socket.pause();
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");

    await handled;

    expect(farewell).toBe("client_left");
    // What fits into the sockets between us, not what the source has.
    expect(asked).toBeLessThan(100);
    socket.destroy();
  });

  test("a slow reader gets everything", async () => {
    const line = "x".repeat(64 * 1024);
    async function* many(): AsyncGenerator<SseEvent> {
      for (let n = 0; n < 200; n++) yield event(n, line);
    }
    const { url } = await serve((res, listener) => sendEvents(res, many(), listener));

    let length = 0;
    for await (const chunk of (await fetch(url)).body!) {
      length += chunk.length;
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }

    expect(length).toBeGreaterThan(200 * line.length);
  });
});

describe("sendWhenReady", () => {
  test("keeps the body alive with newlines until it is there", async () => {
    let finish: (body: string) => void = () => undefined;
    const work = new Promise<string>((resolve) => {
      finish = resolve;
    });
    const { url } = await serve((res, listener) => sendWhenReady(res, work, listener, 5));

    const response = await fetch(url);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader.read()).value!;
    expect(text).toMatch(/^\n+$/);
    finish('{"a":1}');
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;

    expect(response.headers.get("content-type")).toBe("application/json");
    expect(JSON.parse(text)).toEqual({ a: 1 });
  });

  test.each([
    ["nobody waits any more", Promise.resolve(null)],
    ["the work breaks", Promise.reject(new Error("broke"))],
  ])("cuts the response when %s", async (_why, work) => {
    const { url, handled } = await serve((res, listener) => sendWhenReady(res, work, listener));
    handled.catch(() => undefined);
    await expect((await fetch(url)).text()).rejects.toThrow("terminated");
  });

  test("cuts the response when the process stops", async () => {
    const stopping = new AbortController();
    const { url } = await serve(async (res, listener) => {
      const left = new Promise<null>((resolve) => {
        listener.signal.addEventListener("abort", () => resolve(null), { once: true });
      });
      await sendWhenReady(res, left, listener);
    }, stopping.signal);
    const response = await fetch(url);
    stopping.abort();
    await expect(response.text()).rejects.toThrow("terminated");
  });
});

describe("listenerOf", () => {
  test("knows of a goodbye that came before anybody asked", async () => {
    let early: Listener | undefined;
    const gone = await serve(async (res, listener) => {
      await new Promise((resolve) => {
        listener.signal.addEventListener("abort", resolve, { once: true });
      });
      early = listenerOf(res, new AbortController().signal);
    });
    const leaving = new AbortController();
    const fetched = fetch(gone.url, { signal: leaving.signal }).catch(() => undefined);
    server!.once("request", () => leaving.abort());
    await gone.handled;
    await fetched;
    expect(early?.farewell()).toBe("client_left");
  });

  test("takes the end of a complete answer for no goodbye", async () => {
    let polite: Listener | undefined;
    const complete = await serve(async (res, listener) => {
      polite = listener;
      await new Promise<void>((resolve) => {
        res.once("close", resolve);
        res.end("done");
      });
    });
    await (await fetch(complete.url)).text();
    await complete.handled;
    expect(polite?.farewell()).toBeNull();
  });
});

/** Reads until enough has come, then leaves. */
async function readUntil(url: string, enough: (text: string) => boolean): Promise<string> {
  let text = "";
  for await (const chunk of (await fetch(url)).body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (enough(text)) return text;
  }
  return await never;
}
