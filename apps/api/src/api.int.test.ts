import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Metrics } from "@graphfleet/chassis";
import { openApi, rulesOf, somePort } from "../test/open-api.js";
import { startTestWorker } from "../test/test-worker.js";
import { type ApiParts, startApi } from "./api.js";

describe("startApi", () => {
  test("says which port is taken and what to do", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.on("error", () => other.listen(somePort(), "127.0.0.1"));
      other.once("listening", resolve);
      other.listen(somePort(), "127.0.0.1");
    });
    const { port } = other.address() as AddressInfo;
    const parts = {
      port,
      host: "127.0.0.1",
      rules: rulesOf(),
      custom: null,
      onDisconnect: "continue",
      maxBodyBytes: 1,
      storage: {},
      metrics: new Metrics({ process: false }),
      info: { version: "0.0.0" },
    };

    await expect(startApi(parts as unknown as ApiParts)).rejects.toThrow(
      `Cannot listen on 127.0.0.1, port ${port}: another program does. Stop it, or set PORT to a free port.`,
    );
    other.close();
  });
});

describe("close", () => {
  test("cuts streams and waits, finishes the rest, and takes no more", async () => {
    const server = await openApi();
    const { json: thread } = await server.call("POST", "/threads");
    const open = (door: string) =>
      fetch(`${server.url}/threads/${thread.thread_id}/runs/${door}`, {
        method: "POST",
        body: JSON.stringify({ assistant_id: "agent", on_disconnect: "cancel" }),
      });
    const streaming = await open("stream");
    const waiting = await open("wait");

    const closed = server.api.close();

    await expect(streaming.text()).rejects.toThrow("terminated");
    await expect(waiting.text()).rejects.toThrow("terminated");
    await closed;
    await expect(fetch(`${server.url}/ok`)).rejects.toThrow("fetch failed");

    // Nobody left: the clients will be back, at another instance.
    const runs = await server.ledger.db.selectFrom("runs").select(["status", "cancel_action"]).execute();
    expect(runs).toEqual([
      { status: "pending", cancel_action: null },
      { status: "pending", cancel_action: null },
    ]);
    await server.close();
  });

  test("bears any number of streams", async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): number => warnings.push(warning);
    process.on("warning", warned);
    const server = await openApi();
    const body = JSON.stringify({ assistant_id: "agent" });
    const streams = await Promise.all(
      Array.from({ length: 30 }, () => fetch(`${server.url}/runs/stream`, { method: "POST", body })),
    );

    await server.api.close();

    for (const stream of streams) await expect(stream.text()).rejects.toThrow("terminated");
    expect(warnings).toEqual([]);
    process.off("warning", warned);
    await server.close();
  });

  test("finishes requests that are under way", async () => {
    let answer: (() => void) | undefined;
    const hold = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const server = await openApi({ services: { slow: () => hold }, shutdown: { drainMs: 5000 } });
    const slow = server.call("GET", "/ok?check_db=1");
    while ((await server.call("GET", "/metrics")).text.includes("lg_api_http_requests_open 1\n"));

    const closed = server.api.close();
    answer?.();

    expect((await slow).status).toBe(200);
    await closed;
    await server.close();
  });

  test("with a delay, says that it leaves and still takes requests", async () => {
    let goOn = () => {};
    const pause = () => new Promise<void>((resolve) => (goOn = resolve));
    const server = await openApi({ shutdown: { delayMs: 60_000 }, pause });
    const said = async (path: string) => {
      const answer = await fetch(`${server.url}${path}`);
      await answer.text();
      return { status: answer.status, connection: answer.headers.get("connection") };
    };
    expect(await said("/ok")).toEqual({ status: 200, connection: "keep-alive" });

    const closed = server.api.close();

    expect(await said("/ok")).toEqual({ status: 503, connection: "close" });
    expect(await said("/info")).toEqual({ status: 200, connection: "close" });
    goOn();
    await closed;
    await expect(fetch(`${server.url}/ok`)).rejects.toThrow("fetch failed");
    await server.close();
  });

  test("with a grace period, cuts streams at once and lets waits end", async () => {
    const server = await openApi({ shutdown: { graceMs: 60_000 } });
    const { json: thread } = await server.call("POST", "/threads");
    const open = (door: string) =>
      fetch(`${server.url}/threads/${thread.thread_id}/runs/${door}`, {
        method: "POST",
        body: JSON.stringify({ assistant_id: "agent", input: { text: "hi" } }),
      });
    const waiting = await open("wait");
    const streaming = await open("stream");

    const closed = server.api.close();
    await expect(streaming.text()).rejects.toThrow("terminated");
    const worker = startTestWorker(server);

    expect(waiting.ok).toBe(true);
    await waiting.json();
    await closed;
    await worker.close();
    await server.close();
  });
});
