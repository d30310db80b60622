import { asRunId, asThreadId, type CancelRun, type ManageRuns, unavailable } from "@graphfleet/domain";
import { Router } from "express";
import { callerOf } from "../auth/caller-of.js";
import { listenerOf } from "../http/disconnect.js";
import { given } from "../http/given.js";
import { parse, parseQuery } from "../http/parse.js";
import { ThreadParams, ThreadRunParams } from "../http/schemas.js";
import { select } from "../http/select.js";
import type { Stopping } from "../stopping.js";
import { runView } from "./run-view.js";
import { CancelQuery, RunListQuery } from "./runs.schemas.js";

export interface RunRoutesDeps {
  readonly manageRuns: ManageRuns;
  readonly cancelRun: CancelRun;
  readonly stopping: Stopping;
}

/** Looking after runs that exist. */
export function runRoutes({ manageRuns, cancelRun, stopping }: RunRoutesDeps): Router {
  const router = Router();

  router.get("/threads/:thread_id/runs", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    const { limit, offset, status, metadata, select: fields } = parseQuery(RunListQuery, req.query);
    const query = { limit, offset, ...given({ status, metadata }) };
    const page = await manageRuns.listRuns(asThreadId(thread_id), query, callerOf(req));
    res.json(page.items.map((run) => select(runView(run), fields)));
  });

  router.get("/threads/:thread_id/runs/:run_id", async (req, res) => {
    const { thread_id, run_id } = parse(ThreadRunParams, req.params);
    res.json(runView(await manageRuns.getRun(asRunId(run_id), asThreadId(thread_id), callerOf(req))));
  });

  router.delete("/threads/:thread_id/runs/:run_id", async (req, res) => {
    const { thread_id, run_id } = parse(ThreadRunParams, req.params);
    await manageRuns.deleteRun(asRunId(run_id), asThreadId(thread_id), callerOf(req));
    res.status(204).end();
  });

  router.post("/threads/:thread_id/runs/:run_id/cancel", async (req, res) => {
    const { thread_id, run_id } = parse(ThreadRunParams, req.params);
    const { wait, action } = parseQuery(CancelQuery, req.query);
    const listener = listenerOf(res, stopping.waits);
    const request = { threadId: asThreadId(thread_id), runId: asRunId(run_id), action, wait };

    await cancelRun(request, callerOf(req), listener.signal);

    if (wait && listener.farewell() === "stopping")
      throw unavailable(
        "The cancel is on its way, but this server is stopping. Ask another one whether the run is over.",
      );
    if (wait) res.setHeader("location", `/threads/${thread_id}/runs/${run_id}/join`);
    res.status(wait ? 204 : 202).end();
  });

  return router;
}
