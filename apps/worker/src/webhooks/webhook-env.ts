import { type Static, Type } from "@sinclair/typebox";

/** The variables of whoever sends webhooks: workers, and the one process that does everything. */
export const WebhookEnv = Type.Object({
  WEBHOOK_CONCURRENCY: Type.Integer({
    minimum: 1,
    default: 10,
    description: "Webhooks this process sends at once, besides the runs it executes",
  }),
  WEBHOOK_TIMEOUT_SECS: Type.Integer({
    minimum: 1,
    maximum: 3600,
    default: 10,
    description: "Seconds one try to send a webhook may take, redirects included",
  }),
  WEBHOOK_MAX_ATTEMPTS: Type.Integer({ minimum: 1, default: 3, description: "Tries before a webhook is given up" }),
  WEBHOOK_SIGNING_KEYS: Type.String({
    default: "",
    description: "Keys that webhooks are signed with, separated by commas; each adds a signature. None = not signed",
  }),
  WEBHOOK_ALLOWED_NETWORKS: Type.String({
    default: "",
    description: "Private networks that webhooks may go to, such as 10.0.0.0/8, separated by commas",
  }),
  LANGGRAPH_API_URL: Type.Optional(
    Type.String({
      format: "uri",
      description: "Where this fleet's API is: graphs call it, and webhooks that are a path are sent there",
    }),
  ),
});

export const webhookOptions = (env: Static<typeof WebhookEnv>) => ({
  concurrency: env.WEBHOOK_CONCURRENCY,
  timeoutSeconds: env.WEBHOOK_TIMEOUT_SECS,
  maxAttempts: env.WEBHOOK_MAX_ATTEMPTS,
  signingKeys: env.WEBHOOK_SIGNING_KEYS.split(",")
    .map((key) => key.trim())
    .filter((key) => key !== ""),
  allowedNetworks: env.WEBHOOK_ALLOWED_NETWORKS,
  ownUrl: env.LANGGRAPH_API_URL ?? null,
});
