import { writeFileSync } from "node:fs";
import { OPERATIONS } from "../operations.js";
import { endpointsPage } from "./endpoints-page.js";

// Writes docs/endpoints.md. A test tells when it is due.
writeFileSync(new URL("../../../../docs/endpoints.md", import.meta.url), endpointsPage(OPERATIONS));
