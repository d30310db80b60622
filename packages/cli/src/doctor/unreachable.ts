import { hidePasswords } from "@graphfleet/chassis";
import { messageOf } from "@graphfleet/domain";
import { fail, type Finding } from "./finding.js";

/** A database that could not be asked: why, and what that usually takes. */
export function postgresUnreachable(uri: string, error: unknown): Finding {
  return fail("postgres", `${where(uri)} cannot be used: ${reasonOf(error)}`, postgresFix(codeOf(error)));
}

function postgresFix(code: string): string {
  switch (code) {
    case "ECONNREFUSED":
      return "Start the server, or correct host and port in DATABASE_URI.";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "Correct the host in DATABASE_URI, or the network's name service.";
    case "28P01":
    case "28000":
      return "Correct user and password in DATABASE_URI.";
    case "3D000":
      return "Create the database (createdb), or correct its name in DATABASE_URI.";
    case "53300":
      return "The server has no connection left: raise max_connections, or close what holds them.";
    default:
      return "Correct DATABASE_URI: postgres://user:password@host:5432/database.";
  }
}

export const redisUnreachable = (uri: string, error: unknown): Finding =>
  fail("redis", `${where(uri)} cannot be used: ${reasonOf(error)}`, redisFix(reasonOf(error)));

function redisFix(reason: string): string {
  if (/WRONGPASS|NOAUTH|NOPERM/.test(reason)) return "Correct user and password in REDIS_URI.";
  if (/cluster support disabled/i.test(reason)) return "It is no cluster: unset REDIS_CLUSTER.";
  if (/certificate/i.test(reason)) return "Name who signed its certificate in REDIS_CA_FILE.";
  if (/sentinel/i.test(reason)) return "Correct the sentinels, and their name for the primary, in REDIS_URI.";
  return "Start the server, or correct REDIS_URI: redis://:password@host:6379.";
}

const where = (uri: string): string => hidePasswords(uri);

/** Node gathers the failures of every address that a name has; the first one tells most. */
function firstOf(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
}

function codeOf(error: unknown): string {
  const first = firstOf(error);
  return typeof first === "object" && first !== null && "code" in first ? String(first.code) : "";
}

function reasonOf(error: unknown): string {
  const first = firstOf(error);
  const text = messageOf(first);
  return hidePasswords(text === "" ? codeOf(error) : text);
}
