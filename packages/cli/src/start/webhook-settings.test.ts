import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Problem } from "../problem.js";
import { webhookSettings } from "./webhook-settings.js";

const project = { configPath: "/p/langgraph.json", http: {}, webhooks: {} };

test("one process sends webhooks as workers do, and keeps them as schedulers do", () => {
  expect(webhookSettings(project, {})).toEqual({
    concurrency: 10,
    timeoutSeconds: 10,
    maxAttempts: 3,
    signingKeys: [],
    allowedNetworks: "",
    ownUrl: null,
    keepSeconds: 72 * 3600,
    rules: expect.objectContaining({ allowedNetworks: [] }),
    headers: {},
  });
});

test("and obeys their variables, keys in a file included", () => {
  const folder = mkdtempSync(join(tmpdir(), "graphfleet-keys-"));
  writeFileSync(join(folder, "keys"), "new, old\n");
  const settings = webhookSettings(
    { ...project, webhooks: { headers: { "x-token": "${{ env.LG_WEBHOOK_TOKEN }}" } } },
    {
      WEBHOOK_CONCURRENCY: "2",
      WEBHOOK_TIMEOUT_SECS: "4",
      WEBHOOK_MAX_ATTEMPTS: "7",
      WEBHOOK_SIGNING_KEYS_FILE: join(folder, "keys"),
      WEBHOOK_ALLOWED_NETWORKS: "10.0.0.0/8",
      WEBHOOK_LOG_KEEP_HOURS: "1",
      LANGGRAPH_API_URL: "https://graphs.example.net",
      LG_WEBHOOK_TOKEN: "abc",
    },
  );
  rmSync(folder, { recursive: true });
  expect(settings).toMatchObject({
    concurrency: 2,
    timeoutSeconds: 4,
    maxAttempts: 7,
    signingKeys: ["new", "old"],
    ownUrl: "https://graphs.example.net",
    keepSeconds: 3600,
    headers: { "x-token": "abc" },
  });
  expect(settings.rules?.allowedNetworks).toHaveLength(1);
});

test("a project may switch them off", () => {
  expect(webhookSettings({ ...project, http: { disable_webhooks: true } }, {}).rules).toBeNull();
});

test.each([
  [{ WEBHOOK_TIMEOUT_SECS: "soon" }, /WEBHOOK_TIMEOUT_SECS must be a whole number/],
  [{ WEBHOOK_SIGNING_KEYS_FILE: "/nowhere/keys" }, /WEBHOOK_SIGNING_KEYS_FILE cannot be read/],
  [{ WEBHOOK_ALLOWED_NETWORKS: "ten" }, /WEBHOOK_ALLOWED_NETWORKS: "ten" is no network/],
])("what cannot be used is named: %j", (env, words) => {
  expect(() => webhookSettings(project, env)).toThrow(Problem);
  expect(() => webhookSettings(project, env)).toThrow(words);
});

test("a variable of a header that is not set, too", () => {
  const webhooks = { headers: { "x-token": "${{ env.LG_WEBHOOK_TOKEN }}" } };
  expect(() => webhookSettings({ ...project, webhooks }, {})).toThrow(/needs the variable LG_WEBHOOK_TOKEN/);
});
