import { randomInt } from "node:crypto";
import { createServer } from "node:net";

import { EmbeddedError } from "./embedded-error.js";

/** Above the ports people know by heart, below the range from which kernels take ports for outgoing connections. */
const LOWEST = 10_000;
const HIGHEST = 32_767;
const TRIES = 200;

/** Ports given out by this process: two servers that start together must not be sent to the same one. */
const handedOut = new Set<number>();

/** A free loopback port between 10000 and 32767, never the same one twice in a process. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < TRIES; tried++) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if (await isPortFree(port)) return port;
  }
  throw new EmbeddedError(`No free port was found between ${LOWEST} and ${HIGHEST} on 127.0.0.1.`);
}

/** True when this process could listen on the loopback port right now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ host: "127.0.0.1", port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
