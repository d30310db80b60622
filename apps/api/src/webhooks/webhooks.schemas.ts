import { Type } from "@sinclair/typebox";
import { Uuid } from "../http/schemas.js";

export const DeliveryParams = Type.Object({ run_id: Uuid, delivery_id: Uuid });
export const ThreadDeliveryParams = Type.Object({ thread_id: Uuid, run_id: Uuid, delivery_id: Uuid });
