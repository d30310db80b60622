import { type Json, type JsonObject, objectOrEmpty } from "../json.js";
import type { RunSpec } from "../runs/run.js";
import type { Cipher } from "./cipher.js";
import { isSealed, openJson, renewJson, sealJson } from "./sealed-json.js";

/** What users put into a run or a cron: sealed together, in the place of the input. */
type Request = Pick<RunSpec, "input" | "config" | "context"> & Partial<Pick<RunSpec, "command">>;

/** Requests of one kind of row. */
export function sealedRequests(cipher: Cipher, kind: "cron" | "run") {
  const field = kind === "cron" ? "payload" : "kwargs";

  async function seal<T extends Request>(spec: T): Promise<T> {
    if (!cipher.seals) return spec;
    const { input, config, context, command = null } = spec;
    // A command is made of JSON, and so is the rest.
    const sealed = await sealJson(cipher, kind, { input, config, context, command: command as Json }, field);
    return { ...spec, input: sealed, config: {}, context: null, ...("command" in spec ? { command: null } : {}) };
  }

  async function open<T extends Request>(spec: T): Promise<T> {
    const opened = await openJson(cipher, kind, spec.input);
    if (opened === spec.input) return spec;
    // What `seal` sealed.
    const { command, ...request } = opened as unknown as RunSpec;
    return { ...spec, ...request, ...("command" in spec ? { command } : {}) };
  }

  async function renew<T extends Request>(spec: T): Promise<T> {
    if (!isSealed(spec.input)) return seal(spec);
    if (!cipher.seals) return open(spec);
    const input = await renewJson(cipher, kind, spec.input, field);
    return input === spec.input ? spec : { ...spec, input };
  }

  return { seal, open, renew };
}

/**
 * Whom something is for. The identity stays readable: that is what operators look for. What else is known of the user is
 * sealed.
 */
export function sealedUsers(cipher: Cipher, kind: "cron" | "run") {
  const each = async <T extends { readonly user: JsonObject | null }>(
    auth: T,
    change: (user: JsonObject) => Promise<Json>,
  ): Promise<T> => ({ ...auth, user: auth.user && objectOrEmpty(await change(auth.user)) });
  return {
    seal: <T extends { readonly user: JsonObject | null }>(auth: T) =>
      each(auth, (user) => sealJson(cipher, kind, user, "user")),
    open: <T extends { readonly user: JsonObject | null }>(auth: T) =>
      each(auth, (user) => openJson(cipher, kind, user)),
    renew: <T extends { readonly user: JsonObject | null }>(auth: T) =>
      each(auth, (user) => renewJson(cipher, kind, user, "user")),
  };
}
