import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

import { freePort } from "@graphfleet/embedded";

import { type FaultProxy, openFaultProxy } from "./fault-proxy.js";

describe("a wire that can fail", () => {
  let server: Server;
  let proxy: FaultProxy;
  const served: Socket[] = [];

  beforeEach(async () => {
    const port = await freePort();
    server = createServer((socket) => {
      served.push(socket);
      socket.on("error", () => undefined).pipe(socket);
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    proxy = await openFaultProxy(`echo://127.0.0.1:${port}/name`);
  });
  afterEach(async () => {
    await proxy.close();
    for (const socket of served.splice(0)) socket.destroy();
    server.close();
    await once(server, "close");
  });

  const dial = async (): Promise<Socket> => {
    const socket = connect(Number(new URL(proxy.uri).port), "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  };
  /** A reset is an ordinary end here. */
  const closing = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once("close", () => resolve()));
  const echoed = async (socket: Socket, text: string): Promise<string> => {
    socket.write(text);
    const [bytes] = (await once(socket, "data")) as [Buffer];
    return bytes.toString();
  };

  test("passes everything on, and keeps the rest of the address", async () => {
    expect(new URL(proxy.uri).pathname).toBe("/name");
    expect(await echoed(await dial(), "hello")).toBe("hello");
  });

  test("cut: open connections break, new ones work", async () => {
    const socket = await dial();
    await echoed(socket, "hello");
    proxy.cut();
    await closing(socket);
    expect(await echoed(await dial(), "again")).toBe("again");
  });

  test("half-open: open connections are dead until they are cleared away, new ones work", async () => {
    const socket = await dial();
    await echoed(socket, "hello");
    let heard = 0;
    socket.on("data", () => (heard += 1));
    proxy.halfOpen();
    socket.write("lost");
    expect(await echoed(await dial(), "again")).toBe("again");
    expect(heard).toBe(0);

    const closed = closing(socket);
    proxy.heal();
    await closed;
    expect(heard).toBe(0);
  });

  test("half-open: a side that leaves is not missed by the other one", async () => {
    const socket = await dial();
    await echoed(socket, "hello");
    proxy.halfOpen();
    socket.destroy();
    await closing(socket);
    await echoed(await dial(), "again");
    expect(served[0]?.destroyed).toBe(false);
  });

  test("slow: everything arrives, in order", async () => {
    const socket = await dial();
    await echoed(socket, "hello");
    proxy.delay(20);
    let heard = "";
    socket.on("data", (bytes: Buffer) => (heard += bytes.toString()));
    socket.write("a");
    await once(served[0]!, "data");
    socket.write("b");
    await once(served[0]!, "data");
    proxy.heal();
    socket.end("c");
    await closing(socket);
    expect(heard).toBe("abc");
  });
});
