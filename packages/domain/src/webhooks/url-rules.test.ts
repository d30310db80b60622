import { networks } from "./address-rules.js";
import { DEFAULT_URL_RULES, hostOf, publicUrl, refusalOfUrl, type WebhookUrlRules } from "./url-rules.js";

const refusal = (url: string, rules: Partial<WebhookUrlRules> = {}) =>
  refusalOfUrl(url, { ...DEFAULT_URL_RULES, ...rules });

describe("by default", () => {
  test.each([
    "https://hooks.example.net/lg",
    "http://hooks.example.net:8080/lg?token=a",
    "https://user:word@hooks.example.net/",
    "https://1.1.1.1/",
    "https://[2606:4700:4700::1111]/",
    "/custom/webhook?x=1",
  ])("%s may be tried", (url) => expect(refusal(url)).toBeNull());

  test.each([
    "ftp://example.net/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:text/plain,x",
    "gopher://example.net/",
    "hooks/relative",
    "example.net",
    "https://",
    "http://[",
    "?query",
  ])("%s is no webhook", (url) =>
    expect(refusal(url)).toBe('must be an http or https URL, or a path that starts with "/"'),
  );

  test.each(["//evil.example.net/", "/\\evil.example.net/", "///evil.example.net", "/\t/evil.example.net"])(
    "%j is another host, not a path",
    (url) => expect(refusal(url)).toBe('must not start with "//"'),
  );

  test.each([
    "http://127.0.0.1/",
    "http://10.0.0.1:8080/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[fd00:ec2::254]/",
    // Ways to write 127.0.0.1 that parsers understand.
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.0.0.1./",
    "http://①②⑦.0.0.1/",
    "http://0/",
  ])("%s leads to a private address", (url) =>
    expect(refusal(url)).toBe("must not lead to a private or reserved address"),
  );
});

test("an address that the operator permits may be tried", () => {
  const allowedNetworks = networks("127.0.0.0/8");
  expect(refusal("http://127.0.0.1:9/", { allowedNetworks })).toBeNull();
  expect(refusal("http://10.0.0.1/", { allowedNetworks })).not.toBeNull();
});

test("require_https", () => {
  expect(refusal("http://example.net/", { requireHttps: true })).toBe("must be an https URL");
  expect(refusal("https://example.net/", { requireHttps: true })).toBeNull();
  expect(refusal("/path", { requireHttps: true })).toBeNull();
});

test("max_url_length", () => {
  expect(refusal("https://example.net/12345", { maxLength: 24 })).toBe("must not be longer than 24 characters");
  expect(refusal("https://example.net/1234", { maxLength: 24 })).toBeNull();
});

test("disable_loopback", () => {
  expect(refusal("/path", { disableLoopback: true })).toMatch("must not be a path");
  expect(refusal("https://example.net/", { disableLoopback: true })).toBeNull();
});

describe("allowed_ports", () => {
  const allowedPorts = [443, 8443];
  test.each(["https://example.net/", "https://example.net:443/", "http://example.net:8443/"])("%s", (url) =>
    expect(refusal(url, { allowedPorts })).toBeNull(),
  );
  test.each(["http://example.net/", "https://example.net:444/"])("not %s", (url) =>
    expect(refusal(url, { allowedPorts })).toBe("must use one of these ports: 443, 8443"),
  );
});

describe("allowed_domains", () => {
  const allowedDomains = ["example.net", "*.Corp.example.com"];
  test.each([
    "https://example.net/",
    "https://EXAMPLE.net./",
    "https://a.corp.example.com/",
    "https://a.b.corp.example.com/",
  ])("%s", (url) => expect(refusal(url, { allowedDomains })).toBeNull());
  test.each([
    "https://corp.example.com/",
    "https://evilcorp.example.com/",
    "https://a.example.net/",
    "https://example.net.evil.org/",
    "https://example.net@evil.org/",
    "https://1.1.1.1/",
  ])("not %s", (url) => expect(refusal(url, { allowedDomains })).toBe("must lead to a host that this server permits"));
});

test("what may be shown of a URL has no credentials in it", () => {
  expect(publicUrl("https://user:word@example.net:8443/a/b?token=x#y")).toBe("https://example.net:8443/a/b");
  expect(publicUrl("/path?token=x")).toBe("/path");
  expect(publicUrl("nonsense:")).toBe("(not a URL)");
});

test("hosts are looked up in one form", () => {
  expect(["https://A.example.NET./", "http://[::1]:80/"].map((url) => hostOf(new URL(url)))).toEqual([
    "a.example.net",
    "::1",
  ]);
});
