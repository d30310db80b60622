import { once } from "node:events";
import { type Socket, connect, createServer } from "node:net";

import { freePort } from "@graphfleet/embedded";

export interface LedgerProxy {
  /** The same database, through the proxy. */
  readonly uri: string;
  /** From now on bytes arrive nowhere, and no connection is closed: what a cut cable or a lost firewall entry looks like. */
  swallow(): void;
  close(): Promise<void>;
}

/** A way to a database that can be made to fail. */
export async function openLedgerProxy(target: string): Promise<LedgerProxy> {
  const { hostname, port: targetPort } = new URL(target);
  const sockets: Socket[] = [];
  const proxy = createServer((client) => {
    const server = connect(Number(targetPort || 5432), hostname);
    sockets.push(client, server);
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) socket.on("error", () => socket.destroy());
  });
  const port = await freePort();
  proxy.listen(port, "127.0.0.1");
  await once(proxy, "listening");

  const uri = new URL(target);
  uri.hostname = "127.0.0.1";
  uri.port = String(port);
  return {
    uri: uri.href,
    swallow() {
      for (const socket of sockets) socket.unpipe().resume();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
