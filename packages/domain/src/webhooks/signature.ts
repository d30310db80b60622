import { createHmac } from "node:crypto";

/**
 * The value of `X-Graphfleet-Signature`: `t=<unix seconds>,v1=<hex>`, with one `v1` for each key, so that receivers may
 * change to a new key while the old one is still used. Each is HMAC-SHA256 over `<t>.<delivery id>.<body>`: the time makes
 * an old request useless to whoever recorded it, the id keeps it from being passed off as another delivery.
 *
 * @returns null without keys.
 */
export function signatureOf(
  { deliveryId, body, at }: { readonly deliveryId: string; readonly body: string; readonly at: Date },
  keys: readonly string[],
): string | null {
  if (keys.length === 0) return null;
  const seconds = Math.floor(at.getTime() / 1000);
  const signed = `${seconds}.${deliveryId}.${body}`;
  const signatures = keys.map((key) => `v1=${createHmac("sha256", key).update(signed, "utf8").digest("hex")}`);
  return [`t=${seconds}`, ...signatures].join(",");
}
