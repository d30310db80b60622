import { NAMED } from "./driver.js";
import { recorder } from "./snapshot/recorder.js";
import { SAMPLES } from "./snapshot/samples.js";
import { makeStorage } from "./storage.js";

test("what is prepared under a name is always the same statement: a connection refuses another one", async () => {
  const texts = new Map<string, Set<string>>();
  for (const { call, answers } of Object.values(SAMPLES).flat()) {
    const { db, statements } = recorder(answers);
    await call(makeStorage(db, db));
    for (const sql of statements) {
      const name = NAMED.exec(sql)?.[1];
      if (name !== undefined) texts.set(name, (texts.get(name) ?? new Set()).add(sql));
    }
  }

  expect(texts.size).toBeGreaterThan(5);
  expect([...texts].filter(([, { size }]) => size > 1).map(([name]) => name)).toEqual([]);
});
