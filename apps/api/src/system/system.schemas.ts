import { Type } from "@sinclair/typebox";
import { Flag, oneOf } from "../http/schemas.js";

export const OkQuery = Type.Object({ check_db: Flag });
export const MetricsQuery = Type.Object({ format: oneOf(["prometheus", "json"], { default: "prometheus" }) });
