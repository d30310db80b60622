/** A block of addresses, as CIDR writes it. Version 4 blocks are kept in their form inside version 6. */
export interface Network {
  /** 128 bits; the first `bits` of them count. */
  readonly base: bigint;
  readonly bits: number;
}

const V4_MAPPED = 0xffffn << 32n;
const V4_ALL = 0xffff_ffffn;

/**
 * Networks that a stranger's URL must not lead to: what is behind our firewall, what is this very machine, what clouds
 * hand out credentials on, and what is no address of anybody.
 */
const REFUSED_V4 = networks(
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 " +
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 " +
    // Looks public; Azure's machines reach their host's metadata there.
    "168.63.129.16/32",
);
/** Of version 6 only this is handed out to the public … */
const PUBLIC_V6 = networks("2000::/3");
/** … and these parts of it are not. */
const REFUSED_V6 = networks("2001::/23 2001:db8::/32 3fff::/20");
/** Version 6 addresses that stand for one of version 4, and where in them it is. */
const CARRIERS = [
  { network: network("::ffff:0:0/96"), shift: 0n },
  { network: network("::/96"), shift: 0n },
  { network: network("64:ff9b::/96"), shift: 0n },
  { network: network("2002::/16"), shift: 80n },
] as const;

/**
 * Whether an address is one that a request on a user's behalf may go to. Text that is no address is not.
 *
 * @param allowed networks that the operator permits although they are not public.
 */
export function isAddressAllowed(address: string, allowed: readonly Network[]): boolean {
  const value = parseAddress(address);
  if (value === null) return false;
  const carried = carriedV4(value);
  // A permission for 10.0.0.0/8 is one for every way to write such an address.
  if (allowed.some((one) => within(value, one) || (carried !== null && within(V4_MAPPED | carried, one)))) return true;
  if (carried !== null) return !REFUSED_V4.some((one) => within(V4_MAPPED | carried, one));
  return PUBLIC_V6.some((one) => within(value, one)) && !REFUSED_V6.some((one) => within(value, one));
}

/**
 * Reads networks separated by commas or spaces: `10.0.0.0/8, fd00::/8`. An address alone is a network of one.
 *
 * @throws RangeError that names what is no network.
 */
export function networks(text: string): readonly Network[] {
  return text
    .split(/[\s,]+/)
    .filter((part) => part !== "")
    .map(network);
}

/** Whether the text is an IP address and not a name. */
export const isAddress = (text: string): boolean => parseAddress(text) !== null;

function network(text: string): Network {
  const [address = "", length, ...rest] = text.split("/");
  const base = parseAddress(address);
  const isV4 = !address.includes(":");
  const most = isV4 ? 32 : 128;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (base === null || rest.length > 0 || !(bits >= 0 && bits <= most))
    throw new RangeError(`"${text}" is no network; write it like 10.0.0.0/8 or fd00::/8`);
  return { base, bits: isV4 ? 96 + bits : bits };
}

function within(value: bigint, { base, bits }: Network): boolean {
  const shift = BigInt(128 - bits);
  return value >> shift === base >> shift;
}

function carriedV4(value: bigint): bigint | null {
  // "::" and "::1" look like carriers and are addresses of their own.
  if (value < 2n) return null;
  const carrier = CARRIERS.find((one) => within(value, one.network));
  return carrier === undefined ? null : (value >> carrier.shift) & V4_ALL;
}

/** An address as 128 bits; null for anything else. A zone (`%eth0`) says which cable, not where to. */
function parseAddress(text: string): bigint | null {
  const address = text.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  if (!address.includes(":")) {
    const v4 = parseV4(address);
    return v4 === null ? null : V4_MAPPED | v4;
  }
  return parseV6(address);
}

function parseV4(text: string): bigint | null {
  if (!/^(?:\d{1,3}\.){3}\d{1,3}$/.test(text)) return null;
  const parts = text.split(".").map(Number);
  if (parts.some((part) => part > 255)) return null;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseV6(text: string): bigint | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(groupsOf);
  if (head === null || head === undefined || tail === null) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => 0n), ...(tail ?? [])];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** Groups of 16 bits; the last two may be written as an address of version 4. */
function groupsOf(text: string): readonly bigint[] | null {
  if (text === "") return [];
  const groups: bigint[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const v4 = index === parts.length - 1 ? parseV4(part) : null;
    if (v4 !== null) groups.push(v4 >> 16n, v4 & 0xffffn);
    else if (/^[\da-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return null;
  }
  return groups;
}
