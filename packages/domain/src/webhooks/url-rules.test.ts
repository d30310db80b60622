import { networks } from "./address-rules.js";
import {
  DEFAULT_URL_RULES,
  hostOf,
  publicUrl,
  refusalOfRedirect,
  refusalOfUrl,
  type WebhookUrlRules,
  withoutUserinfo,
} from "./url-rules.js";

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
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://256.256.256.256/",
    "http://0x1ffffffff/",
    "http://example.net:65536/",
    "https://@/",
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
    "http://127。0。0。1/",
    "http://0x7f.1/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://2130706433./",
    "http://017700000001/",
    "http://%31%32%37.0.0.1/",
    "http://user:word@127.0.0.1/",
    "http://example.net@127.0.0.1/",
    "http://127.0.0.1:443/",
    "http:\\\\127.0.0.1\\",
    "http:127.0.0.1",
    " http://127.0.0.1/",
    "http://12\t7.0.0.1/",
    "http://[::127.0.0.1]/",
    "http://[0:0:0:0:0:FFFF:7F00:1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[ff02::1]/",
    "http://255.255.255.255/",
    "http://100.64.0.1/",
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

test.each([
  ["https://ann:word@example.net/a?b=c#d", "https://example.net/a?b=c#d"],
  ["https://token@example.net", "https://example.net/"],
  ["https://example.net", "https://example.net"],
  ["/ann:word@path", "/ann:word@path"],
  ["nonsense", "nonsense"],
])("%s without user and password is %s", (url, bare) => expect(withoutUserinfo(url)).toBe(bare));

test.each([
  ["https://a.example.net/", "http://a.example.net/", "must not be redirected from https to http"],
  ["https://a.example.net/", "https://b.example.net/", null],
  ["http://a.example.net/", "https://a.example.net/", null],
  ["http://a.example.net/", "http://a.example.net/b", null],
  ["http://a.example.net/", "http://10.0.0.1/", "must not lead to a private or reserved address"],
])("from %s to %s: %s", (from, to, refused) =>
  expect(refusalOfRedirect(new URL(from), new URL(to), DEFAULT_URL_RULES)).toBe(refused),
);

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
