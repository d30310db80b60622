import { objectOrEmpty } from "../json.js";
import type { Cron, CronOwner } from "../crons/cron.js";
import type { CronRepository } from "../crons/cron-repository.js";
import type { Cipher, Encryption } from "./cipher.js";
import { overlay } from "./overlay.js";
import { openJson, sealJson } from "./sealed-json.js";
import { sealedKeys } from "./sealed-keys.js";
import { openRequest, sealRequest } from "./sealed-runs.js";

/** Crons whose input, config, context and owner's details are sealed. */
export function sealedCrons(crons: CronRepository, encryption: Encryption): CronRepository {
  const { cipher } = encryption;
  const keys = sealedKeys(encryption);
  const open = async (cron: Cron): Promise<Cron> => ({
    ...cron,
    metadata: await keys.open("cron", cron.metadata),
    template: await openRequest(cipher, "cron", cron.template),
  });
  const maybe = (cron: Cron | null) => (cron === null ? null : open(cron));

  return overlay(crons, {
    async insert(cron) {
      return open(
        await crons.insert({
          ...cron,
          metadata: await keys.seal("cron", cron.metadata),
          template: await sealRequest(cipher, "cron", cron.template),
          owner: await sealOwner(cipher, cron.owner),
        }),
      );
    },
    async get(id, scope) {
      keys.mustNotScope(scope);
      return maybe(await crons.get(id, scope));
    },
    async lock(id, scope) {
      keys.mustNotScope(scope);
      return maybe(await crons.lock(id, scope));
    },
    async search(query, scope) {
      keys.mustNotScope(scope);
      keys.mustNotFilter("metadata", query.metadata);
      const page = await crons.search(query, scope);
      return { ...page, items: await Promise.all(page.items.map(open)) };
    },
    async count(filter, scope) {
      keys.mustNotScope(scope);
      keys.mustNotFilter("metadata", filter.metadata);
      return crons.count(filter, scope);
    },
    async update(id, changes) {
      const { metadata, template } = changes;
      return open(
        await crons.update(id, {
          ...changes,
          ...(metadata === undefined ? {} : { metadata: await keys.seal("cron", metadata) }),
          ...(template === undefined ? {} : { template: await sealRequest(cipher, "cron", template) }),
        }),
      );
    },
    async delete(id, scope) {
      keys.mustNotScope(scope);
      return crons.delete(id, scope);
    },
    async claimDue(which) {
      const due = await crons.claimDue(which);
      return Promise.all(
        due.map(async (one) => ({
          ...one,
          cron: await open(one.cron),
          owner: await openOwner(cipher, one.owner),
        })),
      );
    },
  });
}

async function sealOwner(cipher: Cipher, owner: CronOwner): Promise<CronOwner> {
  const { user } = owner.caller;
  return { ...owner, caller: { ...owner.caller, user: user && (await sealJson(cipher, "cron", user)) } };
}

async function openOwner(cipher: Cipher, owner: CronOwner): Promise<CronOwner> {
  const { user } = owner.caller;
  return { ...owner, caller: { ...owner.caller, user: user && objectOrEmpty(await openJson(cipher, "cron", user)) } };
}
