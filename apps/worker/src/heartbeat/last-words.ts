import { type Log, makeSignals, type Signals } from "@graphfleet/domain";
import { openRedis, RedisControlChannel, type RedisOptions, RedisRunQueue, RedisStreamBus } from "@graphfleet/redis";

/** The standard streams of a thread go through the event loop that is blocked. */
const NOWHERE: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Connections to tell the fleet what a process did before it is killed. Nobody closes them: they go with the process. */
export async function openLastWords(redis: Omit<RedisOptions, "log">): Promise<Signals> {
  const link = await openRedis({ ...redis, log: NOWHERE });
  return makeSignals({
    queue: new RedisRunQueue(link),
    control: new RedisControlChannel(link),
    bus: new RedisStreamBus(link),
    log: NOWHERE,
  });
}
