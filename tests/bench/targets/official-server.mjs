/** The process of the official server. Its options come as JSON in the one argument. */
import { startServer } from "@langchain/langgraph-api/server";

const { cleanup } = await startServer(JSON.parse(process.argv[2] ?? "{}"));

process.once("SIGTERM", () => {
  cleanup().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
