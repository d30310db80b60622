import { createServer } from "node:net";

/** Below the range from which the system takes ports for outgoing connections. */
const PORT_MIN = 20_000;
const PORT_MAX = 30_000;
const TRIES_MAX = 50;

/** A loopback port nobody listens on right now. */
export async function freePort() {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found between ${PORT_MIN} and ${PORT_MAX}`);
}

/** @param {number} port @returns {Promise<boolean>} */
const isFree = async (port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
