import { readFileSync } from "node:fs";

const file = readFileSync(new URL("../package.json", import.meta.url), "utf8");

/** The version of this installation. */
export const VERSION = (JSON.parse(file) as { readonly version: string }).version;
