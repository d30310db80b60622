import { Type } from "@sinclair/typebox";
import { nullable, Time } from "../http/answer-schemas.js";
import { json, nothing, type Operation, operations } from "../http/operation.js";
import { AnyObject } from "../http/schemas.js";
import { ItemDeleteBody, ItemGetQuery, ItemPutBody, ItemSearchBody, NamespacesBody } from "./store.schemas.js";

const labels = Type.Array(Type.String());
const fields = { namespace: labels, key: Type.String(), value: AnyObject, created_at: Time, updated_at: Time };
const Item = Type.Object(fields, { title: "Item" });
const FoundItem = Type.Object({ ...fields, score: Type.Optional(nullable(Type.Number())) }, { title: "FoundItem" });

const PLACE = { namespace: ["users", "ada"], key: "tea" };

export const storeOperations: readonly Operation[] = operations("Store", [
  {
    method: "put",
    path: "/store/items",
    summary: "Put an item into long-term memory, over what was there.",
    body: ItemPutBody,
    example: { body: { ...PLACE, value: { likes: "oolong" } } },
    answers: { 204: nothing("It is there.") },
    problems: [403, 404],
  },
  {
    method: "get",
    path: "/store/items",
    summary: "Get an item.",
    query: ItemGetQuery,
    example: { query: "namespace=users.ada&key=tea" },
    answers: { 200: json("The item, or null.", nullable(Item)) },
    problems: [404],
  },
  {
    method: "delete",
    path: "/store/items",
    summary: "Delete an item. One that is not there is fine.",
    body: ItemDeleteBody,
    example: { body: PLACE },
    answers: { 204: nothing("It is gone.") },
    problems: [404],
  },
  {
    method: "post",
    path: "/store/items/search",
    summary: "Find items by namespace and filter, and by meaning where the project has an index.",
    body: ItemSearchBody,
    example: { body: { namespace_prefix: ["users"], filter: { likes: { $in: ["oolong", "sencha"] } } } },
    answers: { 200: json("The items, newest or nearest first.", Type.Object({ items: Type.Array(FoundItem) })) },
  },
  {
    method: "post",
    path: "/store/namespaces",
    summary: "List the namespaces of long-term memory. In prefix and suffix, * stands for any label.",
    body: NamespacesBody,
    example: { body: { prefix: ["users"], max_depth: 2 } },
    answers: { 200: json("The namespaces, sorted.", Type.Object({ namespaces: Type.Array(labels) })) },
  },
]);
