import type { ManageAssistants } from "@graphfleet/domain";
import { Router } from "express";
import { callerOf } from "../auth/caller-of.js";
import { given } from "../http/given.js";
import { pageHeaders } from "../http/page-headers.js";
import { parse, parseQuery } from "../http/parse.js";
import { select } from "../http/select.js";
import {
  assistantVersionView,
  assistantView,
  toAssistantFilter,
  toAssistantPatch,
  toCreateAssistant,
} from "./assistant-view.js";
import {
  AssistantCountBody,
  AssistantCreateBody,
  AssistantDeleteQuery,
  AssistantLatestBody,
  AssistantLatestQuery,
  AssistantParams,
  AssistantPatchBody,
  AssistantSearchBody,
  AssistantVersionsBody,
} from "./assistants.schemas.js";

export function assistantRoutes(assistants: ManageAssistants): Router {
  const router = Router();

  router.post("/assistants", async (req, res) => {
    const body = parse(AssistantCreateBody, req.body);
    const assistant = await assistants.createAssistant(toCreateAssistant(body), callerOf(req));
    res.json(assistantView(assistant));
  });

  router.post("/assistants/search", async (req, res) => {
    const body = parse(AssistantSearchBody, req.body);
    const page = await assistants.searchAssistants(
      {
        ...toAssistantFilter(body),
        limit: body.limit,
        offset: body.offset,
        sort: { by: body.sort_by, order: body.sort_order },
      },
      callerOf(req),
    );
    pageHeaders(res, page, body.offset);
    res.json(page.items.map((assistant) => select(assistantView(assistant), body.select)));
  });

  router.post("/assistants/count", async (req, res) => {
    const body = parse(AssistantCountBody, req.body);
    res.json(await assistants.countAssistants(toAssistantFilter(body), callerOf(req)));
  });

  router.get("/assistants/:assistant_id", async (req, res) => {
    const { assistant_id } = parse(AssistantParams, req.params);
    res.json(assistantView(await assistants.getAssistant(assistant_id, callerOf(req))));
  });

  router.patch("/assistants/:assistant_id", async (req, res) => {
    const { assistant_id } = parse(AssistantParams, req.params);
    const body = parse(AssistantPatchBody, req.body);
    const assistant = await assistants.patchAssistant(assistant_id, toAssistantPatch(body), callerOf(req));
    res.json(assistantView(assistant));
  });

  router.delete("/assistants/:assistant_id", async (req, res) => {
    const { assistant_id } = parse(AssistantParams, req.params);
    const { delete_threads } = parseQuery(AssistantDeleteQuery, req.query);
    res.json([await assistants.deleteAssistant(assistant_id, { deleteThreads: delete_threads }, callerOf(req))]);
  });

  router.post("/assistants/:assistant_id/versions", async (req, res) => {
    const { assistant_id } = parse(AssistantParams, req.params);
    const { limit, offset, metadata } = parse(AssistantVersionsBody, req.body);
    const query = { limit, offset, ...given({ metadata }) };
    const versions = await assistants.listVersions(assistant_id, query, callerOf(req));
    res.json(versions.map(assistantVersionView));
  });

  router.post("/assistants/:assistant_id/latest", async (req, res) => {
    const { assistant_id } = parse(AssistantParams, req.params);
    const inBody = parse(AssistantLatestQuery, req.body);
    const wanted = inBody.version === undefined ? parseQuery(AssistantLatestQuery, req.query) : inBody;
    const { version } = parse(AssistantLatestBody, wanted);
    res.json(assistantView(await assistants.setLatestVersion(assistant_id, version, callerOf(req))));
  });

  return router;
}
