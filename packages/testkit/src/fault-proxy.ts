import { once } from "node:events";
import { type Socket, connect, createServer } from "node:net";

import { freePort } from "@graphfleet/embedded";

import { Relay } from "./relay.js";

/** A wire to a server that can be made to fail in the ways wires fail. */
export interface FaultProxy {
  /** The same server, through the proxy. */
  readonly uri: string;
  /** Resets every connection. New ones work. */
  cut(): void;
  /**
   * Every open connection goes dead, and neither side is told, also not when the other one closes: what a machine
   * without power or a lost firewall entry leaves behind. New ones work.
   */
  halfOpen(): void;
  /** As `halfOpen`, and new connections are taken and go dead as well: a machine that hangs. */
  hang(): void;
  /** From now on every piece of data takes this much longer, in milliseconds; 0 for none. */
  delay(ms: number): void;
  /** No delay, and the dead connections are closed at last. Those that work go on. */
  heal(): void;
  close(): Promise<void>;
}

interface Wire {
  readonly sockets: readonly [Socket, Socket];
  dead: boolean;
}

/** Opens a way to `target`, any URI with a host and a port. */
export async function openFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port: targetPort } = new URL(target);
  const wires = new Set<Wire>();
  let delayMs = 0;
  let hanging = false;

  // Each direction ends by itself, as it does without a proxy in between.
  const proxy = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ port: Number(targetPort), host: hostname, allowHalfOpen: true });
    const wire: Wire = { sockets: [client, server], dead: hanging };
    wires.add(wire);
    const state = { delayMs: () => delayMs, isDead: () => wire.dead };
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.setNoDelay(true);
      const relay = new Relay(to, state);
      from.on("data", (bytes: Buffer) => relay.pass(bytes, from));
      // What is on its way still arrives; a dead wire tells nobody.
      from.on("end", () => relay.end());
      from.on("error", () => {
        if (!wire.dead) to.resetAndDestroy();
      });
      from.on("close", () => {
        if (wire.sockets.every((socket) => socket.destroyed)) wires.delete(wire);
      });
    }
  });
  const destroy = (wire: Wire): void => {
    for (const socket of wire.sockets) socket.resetAndDestroy();
    wires.delete(wire);
  };

  const port = await freePort();
  proxy.listen(port, "127.0.0.1");
  await once(proxy, "listening");
  const uri = new URL(target);
  uri.hostname = "127.0.0.1";
  uri.port = String(port);
  return {
    uri: uri.href,
    cut() {
      for (const wire of wires) if (!wire.dead) destroy(wire);
    },
    halfOpen() {
      for (const wire of wires) wire.dead = true;
    },
    hang() {
      hanging = true;
      for (const wire of wires) wire.dead = true;
    },
    delay(ms) {
      delayMs = ms;
    },
    heal() {
      delayMs = 0;
      hanging = false;
      for (const wire of wires) if (wire.dead) destroy(wire);
    },
    async close() {
      // Not reset: of a connection that is closed on one side already, Node 20 would keep the handle for ever.
      for (const socket of [...wires].flatMap(({ sockets }) => sockets)) socket.destroy();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
