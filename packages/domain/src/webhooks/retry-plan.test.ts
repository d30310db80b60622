import { retryDelayMs, type SendResult, verdictOf } from "./retry-plan.js";

const answered = (status: number, retryAfterSeconds: number | null = null): SendResult => ({
  kind: "answered",
  status,
  retryAfterSeconds,
});
const unanswered = (permanent: boolean): SendResult => ({
  kind: "unanswered",
  reason: "refused the connection",
  permanent,
});
const verdict = (result: SendResult, attempt = 1) => verdictOf(result, { attempt, maxAttempts: 3, random: 0.5 });

test.each([200, 201, 202, 204, 299])("%s: delivered", (status) => {
  expect(verdict(answered(status), 3)).toEqual({ kind: "delivered", reason: null });
});

test.each([429, 500, 502, 503, 504, 599])("%s: another try", (status) => {
  expect(verdict(answered(status))).toEqual({ kind: "retry", reason: `answered ${status}`, delayMs: 1000 });
});

test.each([400, 401, 403, 404, 408, 410, 422, 303, 304, 100])("%s: meant as it is", (status) => {
  expect(verdict(answered(status))).toEqual({ kind: "failed", reason: `answered ${status}` });
});

test("silence: another try, unless it would be the same", () => {
  expect(verdict(unanswered(false))).toMatchObject({ kind: "retry", reason: "refused the connection" });
  expect(verdict(unanswered(true))).toEqual({ kind: "failed", reason: "refused the connection" });
});

test("after the last try it is given up", () => {
  expect(verdict(answered(500), 2).kind).toBe("retry");
  expect(verdict(answered(500), 3).kind).toBe("failed");
  expect(verdict(unanswered(false), 3).kind).toBe("failed");
});

test("a receiver may ask for more time, up to an hour; never for less", () => {
  expect(verdict(answered(503, 30))).toMatchObject({ delayMs: 30_000 });
  expect(verdict(answered(503, 0.1))).toMatchObject({ delayMs: 1000 });
  expect(verdict(answered(429, 1e9))).toMatchObject({ delayMs: 3_600_000 });
});

test("pauses grow, vary by a fifth, and end at an hour", () => {
  expect([1, 2, 3].map((attempt) => retryDelayMs(attempt, 0.5))).toEqual([1000, 5000, 25_000]);
  expect([0, 1].map((random) => retryDelayMs(2, random))).toEqual([4000, 6000]);
  expect(retryDelayMs(100, 0.5)).toBe(3_600_000);
});
