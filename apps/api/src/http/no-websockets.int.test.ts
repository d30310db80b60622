import { connect } from "node:net";
import { text } from "node:stream/consumers";
import express from "express";
import { Hono } from "hono";
import { openApi, rulesOf, type TestApi } from "../../test/open-api.js";
import type { AppParts } from "../app.js";

let api: TestApi;
afterEach(() => api?.close());

/** Everything that the server sends until it hangs up; the client never does. */
async function ask(path: string, headers: Record<string, string>): Promise<string> {
  const socket = connect(api.api.port, "127.0.0.1");
  const lines = Object.entries({ host: "a", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  return await text(socket);
}

const HANDSHAKE = {
  connection: "keep-alive, Upgrade",
  upgrade: "websocket",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
};

function customApps(): [string, AppParts["custom"]][] {
  const [hono, app] = [new Hono(), express()];
  hono.get("/mine", (c) => c.text("mine"));
  app.get("/mine", (_req, res) => void res.send("mine"));
  return [
    ["no app of the project", null],
    ["a Hono app", { kind: "hono", hono }],
    ["an Express app", { kind: "node", handler: app as never }],
  ];
}

test.each(customApps())(
  "with %s, the handshake of a WebSocket is refused at once on every path",
  async (_name, custom) => {
    api = await openApi({ custom });

    for (const path of ["/mine", "/ok", "/threads/x/stream/events", "/nobody/knows"]) {
      const answer = await ask(path, HANDSHAKE);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expect(answer).toMatch(/^connection: close\r$/im);
      expect(answer).toMatch(/^x-request-id: .+\r$/im);
      expect(answer).toMatch(/\r\n\r\nThis server does not speak WebSocket/);
    }
  },
);

test("who reads JSON gets JSON; a prefix changes nothing", async () => {
  api = await openApi({ rules: rulesOf({ mount_prefix: "/v1" }) });
  const answer = await ask("/v1/ok", { ...HANDSHAKE, accept: "application/json" });
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toMatch(/\{"detail":"This server does not speak WebSocket[^"]*"\}$/);
});

test("other wishes for an upgrade are ignored, as HTTP allows: the request is answered", async () => {
  api = await openApi();
  const toHttp2 = { connection: "close, Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABk" };
  expect(await ask("/ok", toHttp2)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(await ask("/ok", { connection: "close", upgrade: "websocket" })).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(await ask("/ok", { connection: "close, upgrade" })).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});
