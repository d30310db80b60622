import {
  asThreadId,
  type CreateThreadRequest,
  type ManageThreads,
  parseExtract,
  type ThreadExtract,
  type ThreadPatch,
} from "@graphfleet/domain";
import { Router } from "express";
import { callerOf } from "../auth/caller-of.js";
import { given } from "../http/given.js";
import { pageHeaders } from "../http/page-headers.js";
import { parse, parseQuery } from "../http/parse.js";
import { wantsNothingBack } from "../http/prefer.js";
import { ThreadParams } from "../http/schemas.js";
import { select } from "../http/select.js";
import { threadView, toSupersteps, toThreadFilter, toTtl, ttlView } from "./thread-view.js";
import {
  ThreadCountBody,
  ThreadCreateBody,
  ThreadPatchBody,
  ThreadPruneBody,
  ThreadQueryString,
  ThreadSearchBody,
} from "./threads.schemas.js";

export function threadRoutes(threads: ManageThreads): Router {
  const router = Router();

  router.post("/threads", async (req, res) => {
    const body = parse(ThreadCreateBody, req.body);
    const request: CreateThreadRequest = {
      id: body.thread_id === undefined ? null : asThreadId(body.thread_id),
      metadata: body.metadata ?? {},
      ifExists: body.if_exists,
      supersteps: toSupersteps(body.supersteps),
      ...given({ ttl: toTtl(body.ttl) }),
    };
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
        ...given({ select: body.select, extract: toExtract(body.extract) }),
      },
      callerOf(req),
    );
    pageHeaders(res, page, body.offset);
    const fields = body.select === undefined || body.select.length === 0 ? undefined : [...body.select, "extracted"];
    res.json(page.items.map((thread) => select(threadView(thread), fields)));
  });

  router.post("/threads/count", async (req, res) => {
    const body = parse(ThreadCountBody, req.body);
    res.json(await threads.countThreads(toThreadFilter(body), callerOf(req)));
  });

  router.post("/threads/prune", async (req, res) => {
    const { thread_ids, strategy } = parse(ThreadPruneBody, req.body);
    res.json({ pruned_count: await threads.pruneThreads(thread_ids.map(asThreadId), strategy, callerOf(req)) });
  });

  router.post("/threads/:thread_id/copy", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    res.json(threadView(await threads.copyThread(asThreadId(thread_id), callerOf(req))));
  });

  router.get("/threads/:thread_id", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    const { include = [] } = parseQuery(ThreadQueryString, req.query);
    const thread = await threads.getThread(asThreadId(thread_id), callerOf(req));
    res.json({ ...threadView(thread), ...(include.includes("ttl") ? { ttl: ttlView(thread) } : {}) });
  });

  router.patch("/threads/:thread_id", async (req, res) => {
    const { thread_id } = parse(ThreadParams, req.params);
    const { metadata = {}, ttl } = parse(ThreadPatchBody, req.body);
    const patch: ThreadPatch = { metadata, ...given({ ttl: toTtl(ttl) }) };
    const thread = await threads.patchThread(asThreadId(thread_id), patch, callerOf(req));
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

const toExtract = (paths: Readonly<Record<string, string>> | undefined): readonly ThreadExtract[] | undefined =>
  paths === undefined ? undefined : Object.entries(paths).map(([alias, path]) => parseExtract(alias, path));
