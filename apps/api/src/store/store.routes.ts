import type { ManageItems } from "@graphfleet/domain";
import { Router } from "express";
import { callerOf } from "../auth/caller-of.js";
import { parse, parseQuery } from "../http/parse.js";
import { foundItemView, itemView, toSearchItems } from "./item-view.js";
import { labelsOfQuery } from "./labels-of-query.js";
import { ItemDeleteBody, ItemGetQuery, ItemPutBody, ItemSearchBody, NamespacesBody } from "./store.schemas.js";

export function storeRoutes(items: ManageItems): Router {
  const router = Router();

  router.put("/store/items", async (req, res) => {
    const { namespace, key, value, index, ttl } = parse(ItemPutBody, req.body);
    await items.putItem({ namespace, key, value, index, ttlMinutes: ttl }, callerOf(req));
    res.status(204).end();
  });

  router.get("/store/items", async (req, res) => {
    const { key, refresh_ttl } = parseQuery(ItemGetQuery, req.query);
    const namespace = labelsOfQuery(req.query.namespace);
    const item = await items.getItem({ namespace, key }, refresh_ttl, callerOf(req));
    res.json(item === null ? null : itemView(item));
  });

  router.delete("/store/items", async (req, res) => {
    const { namespace = [], key } = parse(ItemDeleteBody, req.body);
    await items.deleteItem({ namespace, key }, callerOf(req));
    res.status(204).end();
  });

  router.post("/store/items/search", async (req, res) => {
    const body = parse(ItemSearchBody, req.body);
    const found = await items.searchItems(toSearchItems(body), body.refresh_ttl, callerOf(req));
    res.json({ items: found.map(foundItemView) });
  });

  router.post("/store/namespaces", async (req, res) => {
    const { prefix = [], suffix = [], max_depth, limit, offset } = parse(NamespacesBody, req.body);
    const query = { prefix, suffix, maxDepth: max_depth ?? null, limit, offset };
    res.json({ namespaces: await items.listNamespaces(query, callerOf(req)) });
  });

  return router;
}
