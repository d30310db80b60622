import { cosineSimilarity, VectorCache } from "./vector-cache.js";

const vector = (...numbers: number[]) => Float32Array.from(numbers);

test("similarity is the cosine, and 0 for what points nowhere", () => {
  expect(cosineSimilarity(vector(1, 0), vector(2, 0))).toBe(1);
  expect(cosineSimilarity(vector(1, 0), vector(0, 3))).toBe(0);
  expect(cosineSimilarity(vector(1, 0), vector(-1, 0))).toBe(-1);
  expect(cosineSimilarity(vector(3, 4), vector(4, 3))).toBeCloseTo(0.96);
  expect(cosineSimilarity(vector(0, 0), vector(1, 1))).toBe(0);
});

test("the cache keeps within its bound what was used last", () => {
  const cache = new VectorCache(3 * 4);
  cache.add(1, vector(1));
  cache.add(2, vector(2));
  cache.add(3, vector(3));
  cache.add(3, vector(3));
  expect(cache.get(1)).toEqual(vector(1));
  cache.add(4, vector(4));
  expect([1, 2, 3, 4].map((seq) => cache.get(seq)?.[0])).toEqual([1, undefined, 3, 4]);
});
