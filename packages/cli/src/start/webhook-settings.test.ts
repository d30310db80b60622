import { Problem } from "../problem.js";
import { webhookSettings } from "./webhook-settings.js";

const project = { configPath: "/p/langgraph.json", http: {}, webhooks: {} };
const withNetworks = (webhookNetworks: string) =>
  ({ api: { webhookNetworks } }) as Parameters<typeof webhookSettings>[1];

test("headers and rules are the project's, networks the environment's", () => {
  const webhooks = { headers: { "x-token": "${{ env.LG_WEBHOOK_TOKEN }}" } };
  const { rules, headers } = webhookSettings({ ...project, webhooks }, withNetworks("10.0.0.0/8"), {
    LG_WEBHOOK_TOKEN: "abc",
  });
  expect(headers).toEqual({ "x-token": "abc" });
  expect(rules?.allowedNetworks).toHaveLength(1);
});

test("a project may switch them off", () => {
  expect(webhookSettings({ ...project, http: { disable_webhooks: true } }, withNetworks(""), {}).rules).toBeNull();
});

test("what cannot be used is named", () => {
  const needy = { ...project, webhooks: { headers: { "x-token": "${{ env.LG_WEBHOOK_TOKEN }}" } } };
  expect(() => webhookSettings(project, withNetworks("ten"), {})).toThrow(Problem);
  expect(() => webhookSettings(project, withNetworks("ten"), {})).toThrow(/"ten" is no network/);
  expect(() => webhookSettings(needy, withNetworks(""), {})).toThrow(/needs the variable LG_WEBHOOK_TOKEN/);
});
