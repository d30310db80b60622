// The way in: `node scripts/boot.mjs start|cli|test|bench|chaos [args]`. Built-ins only, because a fresh clone has nothing else.
// Reads in Nodes as old as 14, so that they can print the sentence that tells them they are too old.
import { nodeProblem } from "./boot/node-version.mjs";

const problem = nodeProblem(process.versions.node);
if (problem === null) {
  const { main } = await import("./boot/main.mjs");
  await main(process.argv.slice(2));
} else {
  console.error(problem);
  process.exitCode = 1;
}
