import { writeFileSync } from "node:fs";
import { configuration } from "./configuration.js";

// Writes docs/configuration.md. A test tells when it is due.
writeFileSync(new URL("../../../../docs/configuration.md", import.meta.url), configuration());
