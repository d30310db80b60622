import { asDeliveryId, asRunId, asThreadId, type DeliveryOwner, type ManageDeliveries } from "@graphfleet/domain";
import { type Request, type Response, Router } from "express";
import { callerOf } from "../auth/caller-of.js";
import { parse } from "../http/parse.js";
import { RunParams, ThreadRunParams } from "../http/schemas.js";
import { deliveryView } from "./delivery-view.js";
import { DeliveryParams, ThreadDeliveryParams } from "./webhooks.schemas.js";

/** What became of the webhooks of a run, and sending one again. */
export function webhookRoutes(deliveries: ManageDeliveries): Router {
  const router = Router();

  router.get("/runs/:run_id/webhooks", (req, res) => {
    const { run_id } = parse(RunParams, req.params);
    return list(req, res, { runId: asRunId(run_id), threadId: null });
  });

  router.get("/threads/:thread_id/runs/:run_id/webhooks", (req, res) => {
    const { thread_id, run_id } = parse(ThreadRunParams, req.params);
    return list(req, res, { runId: asRunId(run_id), threadId: asThreadId(thread_id) });
  });

  router.post("/runs/:run_id/webhooks/:delivery_id/replay", (req, res) => {
    const { run_id, delivery_id } = parse(DeliveryParams, req.params);
    return replay(req, res, delivery_id, { runId: asRunId(run_id), threadId: null });
  });

  router.post("/threads/:thread_id/runs/:run_id/webhooks/:delivery_id/replay", (req, res) => {
    const { thread_id, run_id, delivery_id } = parse(ThreadDeliveryParams, req.params);
    return replay(req, res, delivery_id, { runId: asRunId(run_id), threadId: asThreadId(thread_id) });
  });

  return router;

  async function list(req: Request, res: Response, owner: DeliveryOwner): Promise<void> {
    res.json((await deliveries.listDeliveries(owner, callerOf(req))).map(deliveryView));
  }

  async function replay(req: Request, res: Response, id: string, owner: DeliveryOwner): Promise<void> {
    res.status(202).json(deliveryView(await deliveries.replayDelivery(asDeliveryId(id), owner, callerOf(req))));
  }
}
