import { type EncryptionHandlers, isObject } from "@graphfleet/domain";
import { loadNamed } from "./load-named.js";
import type { ProjectConfig } from "./project-config.js";

type Found = Readonly<Record<string, unknown>>;

/**
 * Loads the handlers that `encryption.path` of the project names; null when it names nothing.
 *
 * @throws ProjectError when there is no such export, when it does not load, or when a handler is missing whose opposite is
 *   there: to start all the same would write what nobody can read, or what everybody can.
 */
export async function loadEncryption(
  project: Pick<ProjectConfig, "encryption" | "configPath" | "dir">,
): Promise<EncryptionHandlers | null> {
  const target = project.encryption?.target ?? null;
  if (target === null) return null;

  const { exported, problem } = await loadNamed("encryption", target, project);
  const { encrypt, decrypt, context } = membersOf(exported);
  const handlers = { encrypt: membersOf(encrypt), decrypt: membersOf(decrypt) };
  for (const side of ["encrypt", "decrypt"] as const) {
    const { blob, json } = handlers[side];
    if (typeof blob !== "function") throw problem(` has no function ${side}.blob`);
    if (json !== undefined && typeof json !== "function") throw problem(`: ${side}.json is no function`);
  }
  if ((handlers.encrypt["json"] === undefined) !== (handlers.decrypt["json"] === undefined))
    throw problem(" has one of encrypt.json and decrypt.json without the other");
  if (context !== undefined && typeof context !== "function") throw problem(": context is no function");
  // All that can be known of functions from outside was looked at.
  return exported as EncryptionHandlers;
}

const membersOf = (value: unknown): Found => (isObject(value) || typeof value === "function" ? (value as Found) : {});
