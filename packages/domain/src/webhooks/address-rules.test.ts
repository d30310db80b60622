import { isAddress, isAddressAllowed, networks } from "./address-rules.js";

describe("an address on the public internet is allowed", () => {
  test.each([
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "169.253.255.255",
    "192.167.255.255",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80e::200e",
    "2620:fe::fe",
    // Carriers of a public one.
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
  ])("%s", (address) => {
    expect(isAddressAllowed(address, [])).toBe(true);
  });
});

describe("an address is refused", () => {
  test.each([
    ["this machine", ["127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "::1", "::", "0:0:0:0:0:0:0:1"]],
    ["private networks", ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1"]],
    ["private networks, version 6", ["fc00::1", "fd12:3456:789a::1", "fdff:ffff::"]],
    ["shared by providers", ["100.64.0.1", "100.127.255.255"]],
    ["this link", ["169.254.1.1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1"]],
    [
      "clouds' metadata",
      ["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"],
    ],
    ["many at once", ["224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1"]],
    [
      "nobody's",
      ["192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "240.0.0.1", "2001:db8::1", "3fff::1", "100::1"],
    ],
    ["tunnels and special purposes", ["2001::1", "2001:10::1", "64:ff9b:1::1", "192.88.99.1", "5f00::1", "4000::1"]],
    [
      "a private one in the clothes of version 6",
      [
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "::ffff:a9fe:a9fe",
        "0:0:0:0:0:ffff:10.0.0.1",
        "::10.0.0.1",
        "::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b::169.254.169.254",
        "2002:7f00:1::",
        "2002:c0a8:101::1",
      ],
    ],
    [
      "no address",
      ["", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.-4", ":::", "1::2::3", "12345::", "g::1"],
    ],
  ])("%s", (_what, addresses) => {
    for (const address of addresses) expect([address, isAddressAllowed(address, [])]).toEqual([address, false]);
  });
});

describe("what the operator permits", () => {
  const allowed = networks("10.1.0.0/16, 127.0.0.1 fd00::/8");

  test.each(["10.1.0.0", "10.1.255.255", "127.0.0.1", "fd12::1", "::ffff:10.1.2.3", "::ffff:127.0.0.1"])(
    "includes %s",
    (address) => expect(isAddressAllowed(address, allowed)).toBe(true),
  );

  test.each(["10.2.0.0", "127.0.0.2", "::1", "fc00::1", "169.254.169.254"])("does not include %s", (address) =>
    expect(isAddressAllowed(address, allowed)).toBe(false),
  );

  test("can be everything of one version, and nothing", () => {
    expect(isAddressAllowed("10.0.0.1", networks("0.0.0.0/0"))).toBe(true);
    expect(isAddressAllowed("::1", networks("0.0.0.0/0"))).toBe(false);
    expect(isAddressAllowed("::1", networks("::/0"))).toBe(true);
    expect(networks(" ")).toEqual([]);
  });
});

test.each(["1.2.3.4/", "1.2.3.4/33", "::/129", "1.2.3.4/8/8", "x", "1.2.3.4/-1", "::1/a"])(
  "%s is no network",
  (text) => {
    expect(() => networks(text)).toThrow(`"${text}" is no network`);
  },
);

test("tells addresses from names", () => {
  expect(["1.2.3.4", "::1", "[::1]", "1::2:1.2.3.4"].map(isAddress)).toEqual([true, true, true, true]);
  expect(["a.b", "1.2.3", "1.2.3.4.", ""].map(isAddress)).toEqual([false, false, false, false]);
});
