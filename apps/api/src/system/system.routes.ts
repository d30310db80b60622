import type { Metrics } from "@graphfleet/chassis";
import { type RunRepository, unavailable, type WorkerRoll, messageOf } from "@graphfleet/domain";
import { Router } from "express";
import type { HttpMetrics } from "../http/http-metrics.js";
import { parseQuery } from "../http/parse.js";
import { sendProblem } from "../http/problem.js";
import type { Stopping } from "../stopping.js";
import { infoView, type ServerInfo } from "./info-view.js";
import { MetricsQuery, OkQuery } from "./system.schemas.js";

export interface SystemRoutesDeps {
  readonly info: ServerInfo;
  /** What this server needs, by name. Each rejects when it cannot be reached. */
  readonly services: Readonly<Record<string, () => Promise<void>>>;
  readonly runs: Pick<RunRepository, "counts">;
  readonly roll: Pick<WorkerRoll, "slots">;
  readonly metrics: Metrics;
  readonly http: HttpMetrics;
  readonly stopping: Stopping;
  /** Leaves everything else out, and lets `/ok` look no further than this process. */
  readonly onlyOk: boolean;
}

/** What balancers, dashboards and clients ask before anything else. Open to everybody. */
export function systemRoutes(deps: SystemRoutesDeps): Router {
  const { info, services, runs, roll, metrics, http, stopping, onlyOk } = deps;
  const router = Router();

  router.get("/ok", async (req, res) => {
    if (stopping.leaving.aborted) throw unavailable("This server is stopping");
    const { check_db } = parseQuery(OkQuery, req.query);
    const broken = check_db && !onlyOk ? await unreachable(services) : [];
    if (broken.length === 0) res.json({ ok: true });
    else sendProblem(req, res, 500, broken.join("; "));
  });

  if (onlyOk) return router;

  router.get("/info", (_req, res) => {
    res.setHeader("cache-control", "no-store");
    res.json(infoView(info));
  });

  router.get("/metrics", async (req, res) => {
    const { format } = parseQuery(MetricsQuery, req.query);
    if (format === "prometheus") {
      res.setHeader("content-type", metrics.contentType);
      res.send(await metrics.text());
      return;
    }
    const { pending, running, oldestPendingSeconds } = await runs.counts();
    const slots = await roll.slots();
    res.json({
      queue: { n_pending: pending, n_running: running, max_age_secs: oldestPendingSeconds },
      // A worker that died may still hold runs until its lease ends, so there may be more runs than slots.
      workers: { max: slots, active: running, available: slots === null ? null : Math.max(0, slots - running) },
      http: await http.totals(),
    });
  });

  return router;
}

async function unreachable(services: SystemRoutesDeps["services"]): Promise<readonly string[]> {
  const said = await Promise.all(
    Object.entries(services).map(async ([name, check]) => {
      try {
        await check();
        return [];
      } catch (error) {
        return [`${name} cannot be reached: ${messageOf(error)}`];
      }
    }),
  );
  return said.flat();
}
