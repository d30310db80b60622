import { readFileSync, writeFileSync } from "node:fs";
import { OPERATIONS } from "../operations.js";
import { withEndpoints } from "./endpoints-table.js";

// Writes the table of endpoints in the README. A test tells when it is due.
const README = new URL("../../../../README.md", import.meta.url);
writeFileSync(README, withEndpoints(readFileSync(README, "utf8"), OPERATIONS));
