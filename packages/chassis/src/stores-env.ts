import { type Static, Type } from "@sinclair/typebox";

/** Where the two stores are; a process spreads these into its own schema. */
export const StoresEnv = {
  DATABASE_URI: Type.String({
    names: ["POSTGRES_URI_CUSTOM", "DATABASE_URI", "POSTGRES_URI"],
    pattern: "^postgres(ql)?://",
    secret: true,
    expected: "a Postgres connection string, postgresql://user:password@host:port/database",
    description: "Postgres connection string; may name several hosts, with target_session_attrs=read-write",
  }),
  REDIS_URI: Type.String({
    names: ["REDIS_URI_CUSTOM", "REDIS_URI"],
    pattern: "^redis(s|\\+sentinel|s\\+sentinel)?://",
    secret: true,
    expected: "a Redis connection string: redis://, rediss:// for TLS, or redis+sentinel://host,host/name",
    description: "Redis connection string",
  }),
  REDIS_CLUSTER: Type.Boolean({
    default: false,
    description: "Whether REDIS_URI names nodes of a Redis Cluster, separated by commas",
  }),
  REDIS_CA: Type.Optional(
    Type.String({
      description:
        "Certificates (PEM) that sign Redis's own, when no public authority does; REDIS_CA_FILE names a file",
    }),
  ),
  REDIS_KEY_PREFIX: Type.String({
    default: "graphfleet:",
    description: "Put before every Redis key, so fleets can share a server",
  }),
};

const Schema = Type.Object(StoresEnv);

/** Reads `StoresEnv` values as the options of `openRedis`. */
export const redisOptions = (env: Pick<Static<typeof Schema>, `REDIS_${string}` & keyof Static<typeof Schema>>) => ({
  uri: env.REDIS_URI,
  cluster: env.REDIS_CLUSTER,
  ca: env.REDIS_CA,
  keyPrefix: env.REDIS_KEY_PREFIX,
});
