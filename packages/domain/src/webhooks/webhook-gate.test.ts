import { jest } from "@jest/globals";
import { DEFAULT_URL_RULES, type WebhookUrlRules } from "./url-rules.js";
import { makeWebhookGate, type Resolve } from "./webhook-gate.js";

const gate = (resolve: Resolve, rules: WebhookUrlRules | null = DEFAULT_URL_RULES) =>
  makeWebhookGate({ rules, resolve });
const unasked: Resolve = () => Promise.reject(new Error("nobody should ask"));
const URL_OF_SOMEBODY = "https://hooks.example.net/lg";

test("lets a URL through whose host is public", async () => {
  const asked: string[] = [];
  const resolve: Resolve = async (host) => {
    asked.push(host);
    return ["93.184.216.34", "2606:4700::1"];
  };
  expect(await gate(resolve).admit(URL_OF_SOMEBODY)).toBe(URL_OF_SOMEBODY);
  expect(asked).toEqual(["hooks.example.net"]);
});

test("refuses a host one of whose addresses is private, and names the field", async () => {
  const admitted = gate(async () => ["93.184.216.34", "10.0.0.1"]).admit(URL_OF_SOMEBODY);
  await expect(admitted).rejects.toMatchObject({
    code: "invalid_request",
    message: "webhook must not lead to a private or reserved address",
    details: { issues: [{ field: "webhook", problem: "must not lead to a private or reserved address" }] },
  });
});

test("refuses by its rules without asking anybody", async () => {
  const rules = { ...DEFAULT_URL_RULES, requireHttps: true };
  await expect(gate(unasked, rules).admit("http://a.example.net/")).rejects.toThrow("webhook must be an https URL");
  await expect(gate(unasked).admit("http://127.0.0.1/")).rejects.toThrow("private or reserved");
});

test("asks nobody about paths and addresses", async () => {
  expect(await gate(unasked).admit("/hook")).toBe("/hook");
  expect(await gate(unasked).admit("https://1.1.1.1/")).toBe("https://1.1.1.1/");
});

test("lets a host through that nobody knows now", async () => {
  const unknown: Resolve = () => Promise.reject(new Error("ENOTFOUND"));
  expect(await gate(unknown).admit(URL_OF_SOMEBODY)).toBe(URL_OF_SOMEBODY);
});

test("does not wait for a name server that is slow", async () => {
  jest.useFakeTimers();
  try {
    const admitted = gate(() => new Promise(() => undefined)).admit(URL_OF_SOMEBODY);
    await jest.advanceTimersByTimeAsync(1000);
    expect(await admitted).toBe(URL_OF_SOMEBODY);
  } finally {
    jest.useRealTimers();
  }
});

test("when webhooks are switched off, nothing is checked and nothing is sent", async () => {
  expect(await gate(unasked, null).admit("http://127.0.0.1/")).toBeNull();
});
