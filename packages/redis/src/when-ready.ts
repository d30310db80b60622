import type { Client } from "./client.js";

/** Resolves when the connection can take commands. @throws when that takes longer than `waitMs`, or it was closed. */
export function whenReady(redis: Client, waitMs: number): Promise<void> {
  if (redis.status === "ready") return Promise.resolve();
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer);
      redis.off("ready", onReady);
      redis.off("end", onEnd);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onReady = () => settle();
    const onEnd = () => settle(new Error("Connection is closed."));
    const timer = setTimeout(() => settle(new Error(`Redis was not ready within ${waitMs} ms`)), waitMs);
    redis.once("ready", onReady);
    redis.once("end", onEnd);
  });
}
