import { lookup } from "node:dns/promises";
import type { Resolve } from "@graphfleet/domain";

/** All addresses of a host, as this machine sees them: hosts file and search domains included. */
export const resolveHost: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);
