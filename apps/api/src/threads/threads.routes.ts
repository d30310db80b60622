import { asThreadId, type ManageThreads } from "@graphfleet/domain";
import { Router } from "express";
import { callerOf } from "../auth/caller-of.js";
import { given } from "../http/given.js";
import { pageHeaders } from "../http/page-headers.js";
import { parse } from "../http/parse.js";
import { ThreadParams } from "../http/schemas.js";
import { select } from "../http/select.js";
import { threadView, toThreadFilter } from "./thread-view.js";
import { ThreadCountBody, ThreadCreateBody, ThreadPatchBody, ThreadSearchBody } from "./threads.schemas.js";

export function threadRoutes(threads: ManageThreads): Router {
  const router = Router();

  router.post("/threads", async (req, res) => {
    const body = parse(ThreadCreateBody, req.body);
    const id = body.thread_id === undefined ? null : asThreadId(body.thread_id);
    const request = { id, metadata: body.metadata ?? {}, ifExists: body.if_exists };
    res.json(threadView(await threads.createThread(request, callerOf(req))));
  });

  router.post("/threads/search", async (req, res) => {
    const body = parse(ThreadSearchBody, req.body);
    const page = await threads.searchThreads(
      {
        ...toThreadFilter(body),
        limit: body.limit,
        offset: body.offset,
        sort: { by: body.sort_by, order: body.sort_order },
        ...given({ select: body.select }),
      },
      callerOf(req),
    );
    pageHeaders(res, page, body.offset);
    res.json(page.items.map((thread) => select(threadView(thread), body.select)));
  });

  router.post("/threads/count", async (req, res) => {
    const body = parse(ThreadCountBody, req.body);
    res.json(await threads.countThreads(toThreadFilter(body), callerOf(req)));
  });

  router.get("/threads/:thread_id", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    res.json(threadView(await threads.getThread(asThreadId(thread_id), callerOf(req))));
  });

  router.patch("/threads/:thread_id", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    const { metadata = {} } = parse(ThreadPatchBody, req.body);
    const thread = await threads.patchThread(asThreadId(thread_id), { metadata }, callerOf(req));
    if (wantsNothingBack(req.get("prefer"))) res.status(204).end();
    else res.json(threadView(thread));
  });

  router.delete("/threads/:thread_id", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    await threads.deleteThread(asThreadId(thread_id), callerOf(req));
    res.status(204).end();
  });

  return router;
}

const wantsNothingBack = (prefer: string | undefined): boolean => prefer?.includes("return=minimal") === true;
