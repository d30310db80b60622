import type { DescribeAssistant } from "@graphfleet/domain";
import { type Request, type Response, Router } from "express";
import { callerOf } from "../auth/caller-of.js";
import { given } from "../http/given.js";
import { parse, parseQuery } from "../http/parse.js";
import { AssistantParams, GraphQuery, SubgraphParams, SubgraphsQuery } from "./assistants.schemas.js";

/** What an assistant's graph looks like. */
export function assistantGraphRoutes(assistants: DescribeAssistant): Router {
  const router = Router();

  router.get("/assistants/:assistant_id/graph", async (req, res) => {
    const { assistant_id } = parse(AssistantParams, req.params);
    const { xray = false } = parseQuery(GraphQuery, req.query);
    res.json(await assistants.drawing(assistant_id, { xray }, callerOf(req)));
  });

  router.get("/assistants/:assistant_id/schemas", async (req, res) => {
    const { assistant_id } = parse(AssistantParams, req.params);
    res.json(await assistants.schemas(assistant_id, callerOf(req)));
  });

  router.get("/assistants/:assistant_id/subgraphs", async (req, res) => {
    await sendSubgraphs(req, res, parse(AssistantParams, req.params));
  });

  router.get("/assistants/:assistant_id/subgraphs/:namespace", async (req, res) => {
    await sendSubgraphs(req, res, parse(SubgraphParams, req.params));
  });

  return router;

  async function sendSubgraphs(
    req: Request,
    res: Response,
    wanted: { readonly assistant_id: string; readonly namespace?: string },
  ): Promise<void> {
    const { recurse } = parseQuery(SubgraphsQuery, req.query);
    const options = { recurse, ...given({ namespace: wanted.namespace }) };
    res.json(await assistants.subgraphs(wanted.assistant_id, options, callerOf(req)));
  }
}
