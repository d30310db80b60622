import { randomUUID } from "node:crypto";

/** The Redis of this test run, started by the Jest setup. @throws where there is none: wrap suites in `describeRedis`. */
export function redisUri(): string {
  const uri = process.env.TEST_REDIS_URI;
  if (uri === undefined || uri === "") throw new Error("No TEST_REDIS_URI: run through Jest's integration project");
  return uri;
}

/** A key prefix nobody else uses, so that tests share a server and clean up nothing. */
export const redisPrefix = (): string => `test:${randomUUID()}:`;

/** `describe` where there is a Redis; elsewhere the suite is skipped, as the Jest setup has said aloud. */
export function describeRedis(name: string, suite: () => void): void {
  const run = process.env.TEST_REDIS_URI ? describe : describe.skip;
  run(name, suite);
}
