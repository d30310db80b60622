import { stringify } from "yaml";
import type { ImagePlan } from "./image-plan.js";
import { MARK } from "./render-dockerfile.js";

export interface ComposeOptions {
  /** How the project's image is made: a file beside the compose file, or its text. */
  readonly dockerfile: { readonly file: string } | { readonly text: string };
  readonly port: number;
  /** A Postgres of the user's own; null: one of the fleet's. */
  readonly postgresUri: string | null;
}

const LOCAL_POSTGRES = "postgres://graphfleet:${POSTGRES_PASSWORD:-graphfleet}@postgres:5432/graphfleet";
const HEALTH = { interval: "3s", timeout: "3s", retries: 20 };

/** The whole fleet around the project's image, as the repository's own docker-compose.yml has it. */
export function renderCompose({ envFile }: ImagePlan, { dockerfile, port, postgresUri }: ComposeOptions): string {
  const hasPostgres = postgresUri === null;
  const build =
    "file" in dockerfile
      ? { context: ".", dockerfile: dockerfile.file }
      : // Compose would read $ as a variable of its own.
        { context: ".", dockerfile_inline: dockerfile.text.replaceAll("$", "$$$$") };
  const migrated = {
    migrate: { condition: "service_completed_successfully" },
    redis: { condition: "service_healthy" },
  };
  const process = (command: string, extra: Record<string, string>) => ({
    build,
    command: [command],
    init: true,
    restart: command === "migrate" ? "no" : "unless-stopped",
    // A file that is not there is no reason not to start.
    ...(envFile === null ? {} : { env_file: [{ path: envFile, required: false }] }),
    environment: {
      DATABASE_URI: postgresUri?.replaceAll("$", "$$$$") ?? LOCAL_POSTGRES,
      REDIS_URI: "redis://redis:6379",
      ...extra,
    },
    depends_on: command === "migrate" ? (hasPostgres ? { postgres: { condition: "service_healthy" } } : {}) : migrated,
  });
  const compose = {
    services: {
      ...(hasPostgres ? { postgres } : {}),
      redis,
      migrate: { ...process("migrate", {}), healthcheck: { disable: true } },
      api: {
        ...process("api", { PORT: "8000" }),
        ports: [`\${BIND:-127.0.0.1}:${port}:8000`],
        stop_grace_period: "60s",
      },
      worker: {
        ...process("worker", { OPS_PORT: "8000", BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS: "180" }),
        deploy: { replicas: 2 },
        stop_grace_period: "210s",
      },
      scheduler: { ...process("scheduler", { OPS_PORT: "8000" }), stop_grace_period: "40s" },
    },
    volumes: { ...(hasPostgres ? { postgres: {} } : {}), redis: {} },
  };
  return `${MARK}\n${stringify(compose, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

const postgres = {
  image: "pgvector/pgvector:pg17",
  restart: "unless-stopped",
  environment: {
    POSTGRES_USER: "graphfleet",
    POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:-graphfleet}",
    POSTGRES_DB: "graphfleet",
  },
  command: ["postgres", "-c", "max_connections=300"],
  volumes: ["postgres:/var/lib/postgresql/data"],
  healthcheck: { test: ["CMD-SHELL", "pg_isready -U graphfleet -d graphfleet"], ...HEALTH },
};

const redis = {
  image: "redis:7.4-alpine",
  restart: "unless-stopped",
  command: ["redis-server", "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"],
  volumes: ["redis:/data"],
  healthcheck: { test: ["CMD", "redis-cli", "ping"], ...HEALTH },
};
