import { asCronId, asThreadId, type ManageCrons } from "@graphfleet/domain";
import { type Request, Router } from "express";
import { callerOf } from "../auth/caller-of.js";
import { pageHeaders } from "../http/page-headers.js";
import { parse } from "../http/parse.js";
import { ThreadParams } from "../http/schemas.js";
import { select } from "../http/select.js";
import { cronView, toCreateCron, toCronFilter, toCronPatch } from "./cron-view.js";
import { CronCountBody, CronCreateBody, CronParams, CronPatchBody, CronSearchBody } from "./crons.schemas.js";

export function cronRoutes(crons: ManageCrons): Router {
  const router = Router();

  router.post("/runs/crons", async (req, res) => {
    const body = parse(CronCreateBody, req.body);
    res.json(cronView(await crons.createCron(toCreateCron(body, null), callerOf(req))));
  });

  router.post("/threads/:thread_id/runs/crons", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    const body = parse(CronCreateBody, req.body);
    res.json(cronView(await crons.createCron(toCreateCron(body, asThreadId(thread_id)), callerOf(req))));
  });

  router.post("/runs/crons/search", async (req, res) => {
    const { limit, offset, sort_by, sort_order, ...body } = parse(CronSearchBody, req.body);
    const query = { ...toCronFilter(body), limit, offset, sort: { by: sort_by, order: sort_order } };
    const page = await crons.searchCrons(query, callerOf(req));
    const clock = body.select?.includes("now") === true ? { now: (await crons.now()).toISOString() } : {};
    pageHeaders(res, page, offset);
    res.json(page.items.map((cron) => select({ ...cronView(cron), ...clock }, body.select)));
  });

  router.post("/runs/crons/count", async (req, res) => {
    const body = parse(CronCountBody, req.body);
    res.json(await crons.countCrons(toCronFilter(body), callerOf(req)));
  });

  router.get("/runs/crons/:cron_id", async (req, res) => {
    res.json(cronView(await crons.getCron(cronOf(req), callerOf(req))));
  });

  router.patch("/runs/crons/:cron_id", async (req, res) => {
    const id = cronOf(req);
    const body = parse(CronPatchBody, req.body);
    res.json(cronView(await crons.patchCron(id, toCronPatch(body), callerOf(req))));
  });

  router.delete("/runs/crons/:cron_id", async (req, res) => {
    await crons.deleteCron(cronOf(req), callerOf(req));
    res.status(204).end();
  });

  return router;
}

const cronOf = (req: Request) => asCronId(parse(CronParams, req.params).cron_id);
