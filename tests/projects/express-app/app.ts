import { Client } from "@langchain/langgraph-sdk";
import express from "express";

const client = new Client();
const app = express();

app.use((_req, res, next) => {
  res.setHeader("x-wrapped", "yes");
  next();
});

app.use("/threads", express.json({ type: () => true }), (req, _res, next) => {
  if (req.method === "POST" && req.path === "/") req.body = { ...req.body, metadata: { stamped: true } };
  next();
});

app.get("/threads-of-this-server", async (_req, res) => {
  res.json(await client.threads.search());
});

export default app;
