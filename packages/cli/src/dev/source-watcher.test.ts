import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SourceWatcher } from "./source-watcher.js";

describe("SourceWatcher", () => {
  let dir: string;
  let watcher: SourceWatcher;
  let told: (files: readonly string[]) => void = () => undefined;
  const at = (...names: string[]) => join(dir, ...names);
  /** The next change, which is asked for before it is made. */
  const change = (make: () => void) =>
    new Promise<readonly string[]>((resolve) => {
      told = resolve;
      make();
    });

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "graphfleet-watch-"));
    for (const folder of ["src", "src/deep", "node_modules/x", ".hidden", "data"])
      mkdirSync(at(folder), { recursive: true });
    writeFileSync(at("src/deep/a.ts"), "1");
    watcher = await SourceWatcher.open({ roots: [dir], files: [at(".env")], ignored: [at("data")] }, (files) =>
      told(files),
    );
  });
  afterEach(() => {
    watcher.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test("tells what was changed, also by renaming, as editors save", async () => {
    expect(await change(() => writeFileSync(at("src/deep/a.ts"), "22"))).toEqual([at("src/deep/a.ts")]);

    const files = await change(() => {
      writeFileSync(at("src/deep/.a.ts.tmp"), "333");
      renameSync(at("src/deep/.a.ts.tmp"), at("src/deep/a.ts"));
    });
    expect(files).toEqual([at("src/deep/a.ts")]);
  });

  test("tells what came and what went, in folders that are new, too", async () => {
    expect(await change(() => writeFileSync(at(".env"), "A=1"))).toEqual([at(".env")]);
    const born = await change(() => {
      mkdirSync(at("lib"));
      writeFileSync(at("lib/b.mjs"), "1");
    });
    expect(born).toEqual([at("lib/b.mjs")]);
    expect(await change(() => writeFileSync(at("lib/b.mjs"), "22"))).toEqual([at("lib/b.mjs")]);
    expect(await change(() => rmSync(at("lib"), { recursive: true }))).toEqual([at("lib/b.mjs")]);
  });

  test("says nothing of packages, hidden folders, data, and what graphs write", async () => {
    const files = await change(() => {
      for (const name of ["node_modules/x/a.ts", ".hidden/a.ts", "data/a.json", "src/notes.md", "src/state.sqlite"])
        writeFileSync(at(name), "1");
      writeFileSync(at("src/z.json"), "{}");
    });

    expect(files).toEqual([at("src/z.json")]);
  });

  test("goes on to watch something else", async () => {
    await watcher.rewatch({ roots: [at("data")], files: [], ignored: [] });

    const files = await change(() => {
      writeFileSync(at("src/deep/a.ts"), "22");
      writeFileSync(at("data/a.json"), "{}");
    });
    expect(files).toEqual([at("data/a.json")]);
  });
});
