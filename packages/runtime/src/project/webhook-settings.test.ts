import type { ProjectConfig } from "./project-config.js";
import { webhookHeaders, webhookUrlRules } from "./webhook-settings.js";

type Webhooks = ProjectConfig["webhooks"];
const project = (webhooks: Webhooks = {}, http = {}) => ({
  configPath: "/app/langgraph.json",
  webhooks,
  http,
});

describe("webhookUrlRules", () => {
  test("permit every public host when nothing is said", () => {
    expect(webhookUrlRules(project(), "")).toEqual({
      requireHttps: false,
      allowedDomains: [],
      allowedPorts: [],
      maxLength: null,
      disableLoopback: false,
      allowedNetworks: [],
    });
  });

  test("are what langgraph.json says, with the operator's networks", () => {
    const url = {
      require_https: true,
      allowed_domains: ["*.example.com"],
      allowed_ports: [443],
      max_url_length: 100,
      disable_loopback: true,
    };
    expect(webhookUrlRules(project({ url }), "10.0.0.0/8 fd00::/8")).toMatchObject({
      requireHttps: true,
      allowedDomains: ["*.example.com"],
      allowedPorts: [443],
      maxLength: 100,
      disableLoopback: true,
      allowedNetworks: [{ bits: 104 }, { bits: 8 }],
    });
  });

  test("are none when webhooks are switched off", () => {
    expect(webhookUrlRules(project({}, { disable_webhooks: true }), "")).toBeNull();
  });

  test.each(["10.0.0.0/33", "10.0.0/8", "example.com", "fd00::/129", "10.0.0.0/8/8"])(
    "refuse the network %s",
    (text) => {
      expect(() => webhookUrlRules(project(), text)).toThrow(
        `WEBHOOK_ALLOWED_NETWORKS: "${text}" is no network; write it like 10.0.0.0/8 or fd00::/8.`,
      );
    },
  );
});

describe("webhookHeaders", () => {
  const env = { LG_WEBHOOK_TOKEN: "s3cret", LG_WEBHOOK_USER: "ann", MY_KEY: "k", OTHER: "o", LG_WEBHOOK_EMPTY: "" };
  const headers = (value: string, more: Webhooks = {}) =>
    webhookHeaders(project({ headers: { "X-Token": value }, ...more }), env)["x-token"];

  test.each([
    ["plain", "plain"],
    ["Bearer ${{ env.LG_WEBHOOK_TOKEN }}", "Bearer s3cret"],
    ["${{env.LG_WEBHOOK_USER}}:${{  env.LG_WEBHOOK_TOKEN  }}", "ann:s3cret"],
    ["${{ env.LG_WEBHOOK_EMPTY }}", ""],
    ["${ env.LG_WEBHOOK_TOKEN }", "${ env.LG_WEBHOOK_TOKEN }"],
  ])("%s becomes %s", (template, value) => {
    expect(headers(template)).toBe(value);
  });

  test("another prefix may be chosen", () => {
    expect(headers("${{ env.MY_KEY }}", { env_prefix: "MY_" })).toBe("k");
  });

  test.each([
    ["${{ env.LG_WEBHOOK_NOPE }}", "needs the variable LG_WEBHOOK_NOPE, which is not set"],
    ["${{ env.OTHER }}", "only names that begin with LG_WEBHOOK_ may be sent"],
    ["${{ secrets.X }}", 'holds the template "secrets.X"'],
    ["a\nb", "its value has characters"],
  ])("%j blocks the start: %s", (template, message) => {
    expect(() => headers(template)).toThrow(message);
  });

  test("a name that is none blocks the start, and no value is told", () => {
    const bad = project({ headers: { "X Token": "s3cret" } });
    expect(() => webhookHeaders(bad, env)).toThrow("its name has characters that no header may have");
    expect(() => webhookHeaders(project({ headers: { a: "s3cret\0" } }), env)).not.toThrow("s3cret");
  });

  test("there are none by default", () => {
    expect(webhookHeaders(project(), env)).toEqual({});
  });
});
