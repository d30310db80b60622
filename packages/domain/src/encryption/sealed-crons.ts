import type { Cron } from "../crons/cron.js";
import type { CronRepository } from "../crons/cron-repository.js";
import type { Encryption } from "./cipher.js";
import { overlay } from "../overlay.js";
import { sealedKeys } from "./sealed-keys.js";
import { sealedRequests, sealedUsers } from "./sealed-requests.js";
import { openOrTell } from "./unreadable.js";

/** Crons whose input, config, context and owner's details are sealed. */
export function sealedCrons(crons: CronRepository, encryption: Encryption): CronRepository {
  const keys = sealedKeys(encryption);
  const requests = sealedRequests(encryption.cipher, "cron");
  const users = sealedUsers(encryption.cipher, "cron");
  const open = async (cron: Cron): Promise<Cron> => ({
    ...cron,
    metadata: await keys.open("cron", cron.metadata),
    template: await requests.open(cron.template),
  });
  const maybe = (cron: Cron | null) => (cron === null ? null : open(cron));

  return overlay(crons, {
    async insert(cron) {
      const metadata = await keys.seal("cron", cron.metadata);
      const template = await requests.seal(cron.template);
      const owner = { ...cron.owner, caller: await users.seal(cron.owner.caller) };
      return open(await crons.insert({ ...cron, metadata, template, owner }));
    },
    async get(id, scope) {
      return maybe(await crons.get(id, scope));
    },
    async lock(id, scope) {
      return maybe(await crons.lock(id, scope));
    },
    async search(query, scope) {
      await keys.mustNotFilter("cron", query.metadata);
      const page = await crons.search(query, scope);
      return { ...page, items: await Promise.all(page.items.map(open)) };
    },
    async count(filter, scope) {
      await keys.mustNotFilter("cron", filter.metadata);
      return crons.count(filter, scope);
    },
    async update(id, changes) {
      const { metadata, template } = changes;
      const sealed = {
        ...(metadata === undefined ? {} : { metadata: await keys.seal("cron", metadata) }),
        ...(template === undefined ? {} : { template: await requests.seal(template) }),
      };
      return open(await crons.update(id, { ...changes, ...sealed }));
    },
    async claimDue(which) {
      const due = await crons.claimDue(which);
      return Promise.all(
        due.map((row) =>
          openOrTell(row, async (one) => ({
            ...one,
            cron: await open(one.cron),
            owner: { ...one.owner, caller: await users.open(one.owner.caller) },
          })),
        ),
      );
    },
  });
}
