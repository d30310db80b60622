// Starts and stops everything in one process, and says as JSON which settings it never looked at.
import { migrateInChild } from "../../../packages/cli/dist/start/fleet.js";
import { oneProcessConfig } from "../../../packages/cli/dist/start/one-process-config.js";
import { startOneProcess } from "../../../packages/cli/dist/start/one-process.js";
import { loadProject } from "../../../packages/runtime/dist/project.js";

const [configPath, databaseUri, port] = process.argv.slice(2);
const read = new Set();
const all = new Set();

/** The same object, which notes whoever reads a leaf of it. */
function watched(value, at) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).map(([key, member]) => {
    const place = at === "" ? key : `${at}.${key}`;
    if (typeof member !== "object" || member === null || Array.isArray(member)) all.add(place);
    return [key, watched(member, place)];
  });
  return new Proxy(Object.fromEntries(members), {
    get(target, key) {
      read.add(at === "" ? String(key) : `${at}.${String(key)}`);
      return target[key];
    },
  });
}

const options = { configPath, host: "127.0.0.1", port: Number(port), workers: 1, jobsPerWorker: 2 };
await migrateInChild({ env: process.env, databaseUri, write: () => undefined });
const stop = await startOneProcess({
  options,
  databaseUri,
  project: await loadProject(configPath),
  prefix: "",
  env: { LOG_LEVEL: "silent" },
  readConfig: (...given) => watched(oneProcessConfig(...given), ""),
});
await stop();
process.stdout.write(JSON.stringify([...all].filter((place) => !read.has(place))));
process.exit(0);
