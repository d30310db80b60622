import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { asDeliveryId, type ClaimedDelivery, DEFAULT_URL_RULES, networks, type SendResult } from "@graphfleet/domain";
import { aClaimedRun, runId, threadId } from "../../test/fakes.js";
import { makeSendWebhook, type SendWebhookDeps } from "./send-webhook.js";

// Real sockets on loopback; name servers are ours, so that names may lead where the test wants.

const NOW = new Date("2026-11-21T01:12:41.600Z");
const LOOPBACK = networks("127.0.0.1/32");
const PERMISSIVE = { ...DEFAULT_URL_RULES, allowedNetworks: LOOPBACK };
const NEVER = new AbortController().signal;

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A receiver. `answer` gets the path and how many came before. */
async function receiver(answer: (res: ServerResponse, received: Received, nth: number) => void) {
  const received: Received[] = [];
  const server = createServer((req, res) => {
    let body = "";
    req.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    req.on("end", () => {
      const one = { path: req.url ?? "", headers: req.headers, body };
      received.push(one);
      answer(res, one, received.length);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { received, port, url: `http://127.0.0.1:${port}` };
}

const ok = (res: ServerResponse) => void res.writeHead(204).end();
const redirect =
  (to: string, status = 307) =>
  (res: ServerResponse) =>
    void res.writeHead(status, { location: to }).end();

function aDelivery(url: string): ClaimedDelivery {
  const { spec } = aClaimedRun({ spec: { webhook: url } });
  return {
    id: asDeliveryId("dddd0000-0000-4000-8000-000000000001"),
    runId: runId(1),
    threadId: threadId(1),
    url,
    fence: 1,
    attempt: 2,
    claims: 2,
    ended: {
      run_id: runId(1),
      thread_id: threadId(1),
      assistant_id: "a-1",
      status: "success",
      metadata: {},
      multitask_strategy: "enqueue",
      spec,
      created_at: "2026-01-01T00:00:00Z",
      updated_at: "2026-01-01T00:00:00Z",
      started_at: "2026-01-01T00:00:00Z",
      ended_at: "2026-01-01T00:00:01Z",
      error: null,
      values: { greeting: "grüezi" },
    },
  };
}

const send = (url: string, deps: Partial<SendWebhookDeps> = {}, signal = NEVER): Promise<SendResult> =>
  makeSendWebhook({
    rules: PERMISSIVE,
    headers: {},
    signingKeys: [],
    ownUrl: null,
    timeoutMs: 20_000,
    resolve: async () => ["127.0.0.1"],
    now: () => NOW,
    ...deps,
  })(aDelivery(url), signal);

const refused = (reason: string) => ({ kind: "unanswered", reason: `refused: ${reason}`, permanent: true });
const NOT_PUBLIC = refused("must not lead to a private or reserved address");
const answered = (status: number) => ({ kind: "answered", status, retryAfterSeconds: null });

describe("what a receiver gets", () => {
  test("the run as JSON, an id that stays the same, and how often it was tried", async () => {
    const { received, url } = await receiver(ok);
    expect(await send(`${url}/hook?a=1`)).toEqual(answered(204));
    const [{ path, headers, body }] = received as [Received];
    expect(path).toBe("/hook?a=1");
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      "x-graphfleet-delivery": "dddd0000-0000-4000-8000-000000000001",
      "x-graphfleet-attempt": "2",
    });
    expect(headers["x-graphfleet-signature"]).toBeUndefined();
    expect(JSON.parse(body)).toMatchObject({
      run_id: runId(1),
      status: "success",
      webhook_sent_at: NOW.toISOString(),
      values: { greeting: "grüezi" },
    });
  });

  test("a signature per key, over the time, the id and the bytes that it got", async () => {
    const { received, url } = await receiver(ok);
    await send(url, { signingKeys: ["new", "old"] });
    const [{ headers, body }] = received as [Received];
    const seconds = Math.floor(NOW.getTime() / 1000);
    const expected = (key: string) =>
      createHmac("sha256", key)
        .update(`${seconds}.${String(headers["x-graphfleet-delivery"])}.${body}`)
        .digest("hex");
    expect(headers["x-graphfleet-signature"]).toBe(`t=${seconds},v1=${expected("new")},v1=${expected("old")}`);
  });

  test("the operator's headers, which cannot replace ours; and who the URL names", async () => {
    const { received, port } = await receiver(ok);
    const headers = { authorization: "Bearer s3cret", "content-type": "text/plain" };
    await send(`http://hooks.example.net:${port}/`, { headers });
    await send(`http://ann:word@hooks.example.net:${port}/`);
    expect(received[0]!.headers).toMatchObject({
      authorization: "Bearer s3cret",
      "content-type": "application/json",
      host: `hooks.example.net:${port}`,
    });
    expect(received[1]!.headers.authorization).toBe(`Basic ${Buffer.from("ann:word").toString("base64")}`);
  });

  test("paths go to this server, wherever it is, and to nobody when nobody said where", async () => {
    const { received, url } = await receiver(ok);
    const rules = DEFAULT_URL_RULES;
    expect(await send("/custom?x=1", { ownUrl: `${url}/base/`, rules })).toEqual(answered(204));
    expect(received[0]!.path).toBe("/base/custom?x=1");
    expect(await send("/custom", { ownUrl: null })).toEqual(
      refused("LANGGRAPH_API_URL is not set, so paths lead nowhere"),
    );
  });
});

describe("an address that is not public is never connected to", () => {
  const unwanted = async () => {
    const one = await receiver(ok);
    return { ...one, rules: DEFAULT_URL_RULES };
  };

  test("by number, by name, and when only one of several is private", async () => {
    const { url, port, received, rules } = await unwanted();
    expect(await send(url, { rules })).toEqual(NOT_PUBLIC);
    expect(await send(`http://inside.example.net:${port}/`, { rules })).toEqual(NOT_PUBLIC);
    const resolve = async () => ["93.184.216.34", "127.0.0.1"];
    expect(await send(`http://both.example.net:${port}/`, { rules, resolve })).toEqual(NOT_PUBLIC);
    expect(received).toEqual([]);
  });

  test("a name that leads elsewhere a moment later still leads where it was checked", async () => {
    const { received, port } = await receiver(ok);
    const asked: string[] = [];
    const resolve = async (host: string) => {
      asked.push(host);
      return asked.length === 1 ? ["127.0.0.1"] : ["127.0.0.2"];
    };
    expect(await send(`http://rebind.example.net:${port}/`, { resolve })).toEqual(answered(204));
    expect(asked).toEqual(["rebind.example.net"]);
    expect(received).toHaveLength(1);
  });

  test.each([301, 302, 307, 308])("not by a redirect (%s) either", async (status) => {
    const inside = await receiver(ok);
    const outside = await receiver(redirect(`http://127.0.0.2:${inside.port}/`, status));
    expect(await send(outside.url)).toEqual(NOT_PUBLIC);

    const byName = await receiver(redirect(`http://inside.example.net:${inside.port}/`, status));
    const resolve = async (host: string) => (host === "inside.example.net" ? ["10.0.0.1"] : ["127.0.0.1"]);
    expect(await send(byName.url, { resolve })).toEqual(NOT_PUBLIC);
    expect([outside.received.length, byName.received.length, inside.received.length]).toEqual([1, 1, 0]);
  });

  test("nor by a redirect of our own server", async () => {
    const inside = await receiver(ok);
    const own = await receiver(redirect(`http://127.0.0.1:${inside.port}/`));
    expect(await send("/hop", { ownUrl: own.url, rules: DEFAULT_URL_RULES })).toEqual(NOT_PUBLIC);
    expect(inside.received).toEqual([]);
  });
});

describe("redirects", () => {
  test("are followed with the same request, and without the operator's headers once it is another server", async () => {
    const last = await receiver(ok);
    const first = await receiver((res, { path }) =>
      path === "/" ? redirect("/next")(res) : redirect(`http://other.example.net:${last.port}/end`, 302)(res),
    );
    const headers = { authorization: "Bearer s3cret" };
    expect(await send(first.url, { headers, signingKeys: ["key"] })).toEqual(answered(204));

    expect(first.received.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ["/", "Bearer s3cret"],
      ["/next", "Bearer s3cret"],
    ]);
    const [end] = last.received as [Received];
    expect(end.body).toBe(first.received[0]!.body);
    expect(end.headers.authorization).toBeUndefined();
    expect(end.headers["x-graphfleet-signature"]).toBe(first.received[0]!.headers["x-graphfleet-signature"]);
  });

  test("have an end", async () => {
    const { received, url } = await receiver(redirect("/again"));
    expect(await send(url)).toEqual(refused("redirected too often"));
    expect(received).toHaveLength(4);
  });

  test("obey the rules, and must lead somewhere", async () => {
    const rules = { ...PERMISSIVE, allowedDomains: ["127.0.0.1"] };
    const away = await receiver(redirect("http://evil.example.org/"));
    expect(await send(away.url, { rules })).toEqual(refused("must lead to a host that this server permits"));
    const strange = await receiver(redirect("ftp://example.net/"));
    expect((await send(strange.url)).kind).toBe("unanswered");
    const nowhere = await receiver((res) => void res.writeHead(302).end());
    expect(await send(nowhere.url)).toEqual(refused("redirected to nowhere"));
    const seeOther = await receiver(redirect("/", 303));
    expect(await send(seeOther.url)).toEqual(answered(303));
  });
});

describe("without an answer", () => {
  const silence = (): void => undefined;

  test("a receiver that hangs is left after the timeout", async () => {
    const { received, url } = await receiver(silence);
    expect(await send(url, { timeoutMs: 300 })).toEqual({
      kind: "unanswered",
      reason: "did not answer within 0.3 s",
      permanent: false,
    });
    expect(received).toHaveLength(1);
  });

  test("a name server that hangs, too", async () => {
    const resolve = () => new Promise<never>(() => undefined);
    expect(await send("http://slow.example.net/", { resolve, timeoutMs: 50 })).toMatchObject({
      reason: "did not answer within 0.05 s",
    });
  });

  test("a worker that stops does not wait", async () => {
    const stopping = new AbortController();
    const { url } = await receiver(() => stopping.abort(new Error("this worker stops")));
    await expect(send(url, {}, stopping.signal)).rejects.toThrow("this worker stops");
  });

  test("says why in words that tell no addresses", async () => {
    const gone = await receiver(ok);
    await new Promise((resolve) => servers.pop()!.close(resolve));
    expect(await send(gone.url)).toEqual({ kind: "unanswered", reason: "refused the connection", permanent: false });
    const cut = await receiver((res) => void res.destroy());
    expect(await send(cut.url)).toMatchObject({ reason: "broke the connection", permanent: false });
    const unknown = () => Promise.reject(Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" }));
    expect(await send("http://unknown.example.net/", { resolve: unknown })).toMatchObject({
      reason: "has a host name that nobody knows",
    });
    expect(await send(`https://127.0.0.1:${(await receiver(ok)).port}/`)).toMatchObject({
      reason: expect.stringMatching(/^could not be asked \(|^broke/),
    });
  });
});

test("an answer that never ends counts by its status", async () => {
  const { url } = await receiver((res) => void res.writeHead(200).write("x".repeat(100_000)));
  expect(await send(url)).toEqual(answered(200));
});

test.each([
  ["30", 30],
  ["Sat, 21 Nov 2026 01:13:41 GMT", 59.4],
  ["Sat, 21 Nov 2020 01:13:41 GMT", null],
  ["soon", null],
  ["-1", null],
])("Retry-After: %s", async (header, seconds) => {
  const { url } = await receiver((res) => void res.writeHead(503, { "retry-after": header }).end());
  expect(await send(url)).toEqual({ kind: "answered", status: 503, retryAfterSeconds: seconds });
});

test("nothing is sent when webhooks are switched off", async () => {
  const { received, url } = await receiver(ok);
  expect(await send(url, { rules: null })).toEqual(refused("webhooks are switched off"));
  expect(received).toEqual([]);
});
