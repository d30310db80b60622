import { lookup } from "node:dns/promises";

/** All addresses of a host, as this machine sees them: hosts file and search domains included. */
export const resolveHost = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true })).map(({ address }) => address);
