import { Redis } from "ioredis";
import type pg from "pg";

/** Tables in which a text stands somewhere, as text or as bytes. */
export async function tablesWith(sql: pg.Pool, text: string): Promise<string[]> {
  const { rows } = await sql.query<{ name: string }>(
    "select quote_ident(tablename) as name from pg_tables where schemaname = 'public' order by 1",
  );
  const found: string[] = [];
  for (const { name } of rows) {
    const { rowCount } = await sql.query(
      `select from ${name} row where strpos(row::text, $1) > 0 or strpos(row::text, $2) > 0 limit 1`,
      [text, Buffer.from(text).toString("hex")],
    );
    if (rowCount !== 0) found.push(name);
  }
  return found;
}

/** Keys of Redis in which a text stands somewhere. */
export async function keysWith(uri: string, text: string): Promise<string[]> {
  const redis = new Redis(uri);
  try {
    const found: string[] = [];
    for await (const keys of redis.scanStream({ count: 1000 }) as AsyncIterable<string[]>) {
      for (const key of keys) {
        if (key.includes(text) || JSON.stringify(await contentOf(redis, key)).includes(text)) found.push(key);
      }
    }
    return found;
  } finally {
    redis.disconnect();
  }
}

async function contentOf(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case "stream":
      return redis.xrange(key, "-", "+");
    case "hash":
      return redis.hgetall(key);
    case "list":
      return redis.lrange(key, 0, -1);
    case "set":
      return redis.smembers(key);
    case "zset":
      return redis.zrange(key, 0, -1);
    default:
      return redis.get(key);
  }
}
