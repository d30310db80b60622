import { invalidRequest } from "../errors.js";
import { isAddress } from "./address-rules.js";
import {
  areAddressesAllowed,
  hostOf,
  isLoopback,
  NOT_PUBLIC,
  refusalOfUrl,
  type WebhookUrlRules,
} from "./url-rules.js";

/** Looks at the webhook of a run before the run is accepted. */
export interface WebhookGate {
  /**
   * @returns where to deliver; null when this server sends no webhooks.
   * @throws DomainError `invalid_request` when the URL is not permitted.
   */
  admit(url: string): Promise<string | null>;
}

/** For servers that send none: what is asked for is ignored. */
export const NO_WEBHOOKS: WebhookGate = { admit: async () => null };

/** The addresses of a host. @throws when it has none, or when nobody knows. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** A name server that is slow must not make runs slow; the delivery looks again, and decides. */
const PATIENCE_MS = 1000;

/**
 * `rules` null: webhooks are switched off, and what is asked for is ignored.
 *
 * A host that cannot be resolved now is let through: it may exist when the run ends.
 */
export function makeWebhookGate({
  rules,
  resolve,
}: {
  readonly rules: WebhookUrlRules | null;
  readonly resolve: Resolve;
}): WebhookGate {
  if (rules === null) return NO_WEBHOOKS;
  return {
    async admit(url) {
      const refusal = refusalOfUrl(url, rules) ?? (await refusalOfHost(url, rules));
      if (refusal !== null)
        throw invalidRequest(`webhook ${refusal}`, { issues: [{ field: "webhook", problem: refusal }] });
      return url;
    },
  };

  async function refusalOfHost(url: string, { allowedNetworks, ...rest }: WebhookUrlRules): Promise<string | null> {
    if (isLoopback(url)) return null;
    const host = hostOf(new URL(url));
    if (isAddress(host)) return null;
    const addresses = await soon(resolve(host));
    return areAddressesAllowed(addresses, { allowedNetworks, ...rest }) ? null : NOT_PUBLIC;
  }
}

async function soon(resolving: Promise<readonly string[]>): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(() => resolve([]), PATIENCE_MS);
  });
  try {
    return await Promise.race([resolving.catch(() => []), late]);
  } finally {
    clearTimeout(timer);
  }
}
