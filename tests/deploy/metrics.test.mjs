import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path) => readFileSync(`${root}/${path}`, "utf8");

/** All production sources as one text; metrics are named there without their prefix. */
const sources = ["apps", "packages"]
  .flatMap((top) => readdirSync(`${root}/${top}`).map((name) => `${top}/${name}/src`))
  .flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { encoding: "utf8", recursive: true }).map((file) => `${folder}/${file}`),
  )
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map(read)
  .join("\n");

/** Names that come from the metrics library itself. */
const ofTheProcess = /^(process|nodejs)_/;

describe.each(["deploy/prometheus/alerts.yml", "deploy/grafana/graphfleet.json"])("%s", (file) => {
  test("asks only for metrics that some process offers", () => {
    const asked = [...read(file).matchAll(/\blg_api_([a-z0-9_]+)/g)].map(([, name]) => name);
    const names = [...new Set(asked)].filter((name) => name !== "" && !ofTheProcess.test(name));

    const unknown = names.filter((name) => !sources.includes(`"${name.replace(/_bucket$/, "")}"`));

    expect(names.length).toBeGreaterThan(5);
    expect(unknown).toEqual([]);
  });
});
