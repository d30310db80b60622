import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";

import { freePort } from "@graphfleet/embedded";

import { type Balancer, openBalancer } from "./balancer.js";

describe("a balancer", () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });

  async function serve(handle: RequestListener): Promise<{ url: string; stop: () => Promise<void> }> {
    const server: Server = createServer(handle);
    const port = await freePort();
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    let stopped: Promise<void> | undefined;
    const stop = () =>
      (stopped ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }));
    closers.push(stop);
    return { url: `http://127.0.0.1:${port}`, stop };
  }
  async function balance(...targets: readonly string[]): Promise<Balancer> {
    const balancer = await openBalancer(targets);
    closers.push(() => balancer.close());
    return balancer;
  }
  const named =
    (name: string, isReady = () => true): RequestListener =>
    (req, res) => {
      if (req.url === "/ok") res.writeHead(isReady() ? 200 : 503).end();
      else req.on("data", () => undefined).on("end", () => res.end(`${name} ${req.method} ${req.url}`));
    };
  const ask = async (url: string) => (await fetch(`${url}/a?b=1`, { method: "POST", body: "x" })).text();
  const askedUntil = async (url: string, wanted: (answer: string) => boolean): Promise<void> => {
    while (!wanted(await ask(url)));
  };

  test("spreads requests", async () => {
    const [one, two] = [await serve(named("one")), await serve(named("two"))];
    const { url } = await balance(one.url, two.url);

    expect([await ask(url), await ask(url)].toSorted()).toEqual(["one POST /a?b=1", "two POST /a?b=1"]);
  });

  test("sends nothing to a server that says it is stopping, and comes back to it", async () => {
    let isReady = true;
    const [one, two] = [await serve(named("one", () => isReady)), await serve(named("two"))];
    const { url } = await balance(one.url, two.url);

    isReady = false;
    await askedUntil(url, (answer) => answer.startsWith("two"));
    let inARow = 0;
    await askedUntil(url, (answer) => (inARow = answer.startsWith("two") ? inARow + 1 : 0) === 10);
    isReady = true;

    await askedUntil(url, (answer) => answer.startsWith("one"));
    expect(inARow).toBe(10);
  });

  test("asks the next server when one refuses the connection", async () => {
    const [one, two] = [await serve(named("one")), await serve(named("two"))];
    const { url } = await balance(one.url, two.url);

    await one.stop();

    expect([await ask(url), await ask(url)]).toEqual(["two POST /a?b=1", "two POST /a?b=1"]);
  });

  test("does not ask twice what may have been heard", async () => {
    let heard = 0;
    const hangUp: RequestListener = (req, res) => {
      if (req.url === "/ok") return void res.end();
      heard += 1;
      res.destroy();
    };
    const [one, two] = [await serve(hangUp), await serve(hangUp)];
    const { url } = await balance(one.url, two.url);

    expect((await fetch(url)).status).toBe(502);
    expect(heard).toBe(1);
  });

  test("breaks the client's connection when the server's breaks", async () => {
    const halves: RequestListener = (req, res) => {
      if (req.url === "/ok") return void res.end();
      res.write("half", () => res.destroy());
    };
    const { url } = await balance((await serve(halves)).url);

    const answer = await fetch(url);

    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow("terminated");
  });
});
