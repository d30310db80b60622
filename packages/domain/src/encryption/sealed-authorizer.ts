import type { Authorizer, AuthEvent } from "../auth/authorizer.js";
import type { FieldCondition, Scope } from "../auth/scope.js";
import type { Encryption, SealedKind } from "./cipher.js";
import { notFilterable, sealedKeys } from "./sealed-keys.js";

const KINDS = { assistants: "assistant", crons: "cron", store: "item", threads: "thread" } as const;

/**
 * Authorization that does not filter by what the database cannot read: such rows would be nobody's. It is refused with
 * 422, reading and writing alike. Without encryption it is the authorizer itself.
 */
export function sealedAuthorizer(authorizer: Authorizer, encryption: Encryption | null): Authorizer {
  if (encryption === null) return authorizer;
  const keys = sealedKeys(encryption);
  /** What handlers left alone once is not asked about again: if they do otherwise later, nothing is found. */
  const known = new Set<string>();

  async function check(kind: SealedKind, scope: Scope): Promise<void> {
    for (const { key, value } of conditionsOf(scope)) {
      const name = `${kind}.${key}`;
      if (known.has(name)) continue;
      const sealed = await keys.among(kind, { [key]: value }, kind === "item" ? "value" : "metadata");
      if (sealed.size > 0) throw notFilterable(`the authorization's ${key}`);
      known.add(name);
    }
  }
  return {
    ...(authorizer.asksNobody === true ? { asksNobody: true } : {}),
    async authorize(caller, event, value) {
      const decision = await authorizer.authorize(caller, event, value);
      await check(kindOf(event), decision.scope);
      return decision;
    },
  };
}

// An event is made of these two.
const kindOf = (event: AuthEvent): SealedKind => KINDS[event.split(":", 1)[0] as keyof typeof KINDS];

const conditionsOf = ({ conditions }: Scope): readonly FieldCondition[] =>
  conditions.flatMap((condition) => ("anyOf" in condition ? condition.anyOf.flatMap(conditionsOf) : [condition]));
