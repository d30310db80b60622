import { asRunId, asThreadId, type CancelRuns, invalidRequest, type makeCreateRuns } from "@graphfleet/domain";
import { Router } from "express";
import { callerOf } from "../auth/caller-of.js";
import { parse, parseQuery } from "../http/parse.js";
import { snakeCased } from "../http/snake-cased.js";
import { runView, toRunRequest } from "./run-view.js";
import { BulkCancelBody, BulkCancelQuery, RunBatchBody, RunCreateBody } from "./runs.schemas.js";

export interface BulkRunDeps {
  readonly createRuns: ReturnType<typeof makeCreateRuns>;
  readonly cancelRuns: CancelRuns;
}

/** Many runs with one call. */
export function bulkRunRoutes({ createRuns, cancelRuns }: BulkRunDeps): Router {
  const router = Router();

  // All of them or none, answered in the order of the request.
  router.post("/runs/batch", async (req, res) => {
    const bodies = parse(RunBatchBody, inWireNames(req.body));
    const runs = await createRuns(
      bodies.map((body) => toRunRequest(body, null, false)),
      callerOf(req),
    );
    res.json(runs.map(runView));
  });

  router.post("/runs/cancel", async (req, res) => {
    const { action } = parseQuery(BulkCancelQuery, req.query);
    const { status, thread_id, run_ids } = parse(BulkCancelBody, req.body);

    if (status !== undefined && thread_id === undefined && run_ids === undefined) {
      await cancelRuns.inStatus({ status, action }, callerOf(req));
    } else if (status === undefined && thread_id !== undefined && run_ids !== undefined) {
      const request = { threadId: asThreadId(thread_id), runIds: run_ids.map(asRunId), action };
      await cancelRuns.listed(request, callerOf(req));
    } else {
      throw invalidRequest("request body must have either status, or thread_id and run_ids");
    }
    res.status(204).end();
  });

  return router;
}

/** The JS SDK sends the runs of a batch as its callers wrote them. */
const inWireNames = (body: unknown): unknown =>
  Array.isArray(body) ? body.map((item) => snakeCased(RunCreateBody, item)) : body;
