import { isAddress, isAddressAllowed, type Network } from "./address-rules.js";

/** Where webhooks may go. Made from langgraph.json and what the operator permits. */
export interface WebhookUrlRules {
  readonly requireHttps: boolean;
  /** Hosts, exact or as `*.suffix`; empty permits every public one. */
  readonly allowedDomains: readonly string[];
  /** Empty permits every port. */
  readonly allowedPorts: readonly number[];
  readonly maxLength: number | null;
  /** Whether a path that starts with `/`, which means this server, is refused. */
  readonly disableLoopback: boolean;
  /** Networks that are not public and may be reached all the same. */
  readonly allowedNetworks: readonly Network[];
}

export const DEFAULT_URL_RULES: WebhookUrlRules = {
  requireHttps: false,
  allowedDomains: [],
  allowedPorts: [],
  maxLength: null,
  disableLoopback: false,
  allowedNetworks: [],
};

/** What a URL must not lead to, in words that complete "webhook …". */
export const NOT_PUBLIC = "must not lead to a private or reserved address";

const PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };
/** No host of that name exists, so a path that leaves it leads somewhere else. */
const NOWHERE = "http://this-server.invalid";

/** A path on this server, as opposed to a URL of somebody's. */
export const isLoopback = (url: string): boolean => url.startsWith("/");

/**
 * Why a URL is refused, in words that complete "webhook …"; null when it may be tried. A host name says nothing about
 * where it leads: its addresses are for `areAddressesAllowed`.
 */
export function refusalOfUrl(url: string, rules: WebhookUrlRules): string | null {
  if (rules.maxLength !== null && url.length > rules.maxLength)
    return `must not be longer than ${rules.maxLength} characters`;
  if (isLoopback(url)) return refusalOfPath(url, rules);

  const parsed = parseUrl(url);
  if (parsed === null) return 'must be an http or https URL, or a path that starts with "/"';
  const { protocol, port } = parsed;
  if (rules.requireHttps && protocol !== "https:") return "must be an https URL";
  const effectivePort = port === "" ? PORTS[protocol] : Number(port);
  if (rules.allowedPorts.length > 0 && !rules.allowedPorts.some((allowed) => allowed === effectivePort))
    return `must use one of these ports: ${rules.allowedPorts.join(", ")}`;
  const host = hostOf(parsed);
  if (rules.allowedDomains.length > 0 && !rules.allowedDomains.some((domain) => matches(host, domain)))
    return "must lead to a host that this server permits";
  if (isAddress(host) && !areAddressesAllowed([host], rules)) return NOT_PUBLIC;
  return null;
}

/**
 * Why a redirect is not followed, in words that complete "webhook …"; null when it may be. What was sent encrypted is not
 * said again in the open.
 */
export function refusalOfRedirect(from: URL, to: URL, rules: WebhookUrlRules): string | null {
  if (from.protocol === "https:" && to.protocol !== "https:") return "must not be redirected from https to http";
  return refusalOfUrl(to.href, rules);
}

/** Whether a host with these addresses may be asked. One bad address is enough to refuse it. */
export const areAddressesAllowed = (addresses: readonly string[], { allowedNetworks }: WebhookUrlRules): boolean =>
  addresses.every((address) => isAddressAllowed(address, allowedNetworks));

/** The host of a URL, as it is looked up: lower case, no brackets, no dot at its end. */
export const hostOf = ({ hostname }: URL): string =>
  hostname
    .toLowerCase()
    .replace(/\.$/, "")
    .replace(/^\[(.*)\]$/, "$1");

/** A URL without the user and password in it. */
export function withoutUserinfo(url: string): string {
  const parsed = isLoopback(url) ? null : parseUrl(url);
  if (parsed === null || (parsed.username === "" && parsed.password === "")) return url;
  parsed.username = "";
  parsed.password = "";
  return parsed.href;
}

/** A URL as it may be shown: where it leads, without what lets one in. */
export function publicUrl(url: string): string {
  if (isLoopback(url)) return url.replace(/[?#].*$/s, "");
  const parsed = parseUrl(url);
  return parsed === null ? "(not a URL)" : `${parsed.origin}${parsed.pathname}`;
}

function refusalOfPath(path: string, { disableLoopback }: WebhookUrlRules): string | null {
  if (disableLoopback) return "must not be a path: this server sends itself no webhooks";
  // Parsers take "//host" and "/\host" for a host.
  if (!URL.canParse(path, NOWHERE) || new URL(path, NOWHERE).origin !== NOWHERE) return 'must not start with "//"';
  return null;
}

function parseUrl(url: string): URL | null {
  if (!URL.canParse(url)) return null;
  const parsed = new URL(url);
  return parsed.protocol in PORTS && parsed.hostname !== "" ? parsed : null;
}

function matches(host: string, domain: string): boolean {
  const wanted = domain.toLowerCase().replace(/\.$/, "");
  return wanted.startsWith("*.") ? host.endsWith(wanted.slice(1)) && host.length >= wanted.length : host === wanted;
}
