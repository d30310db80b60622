import { createHmac } from "node:crypto";
import { signatureOf } from "./signature.js";

const DELIVERY = { deliveryId: "d-1", body: '{"ü":1}', at: new Date("2026-11-21T01:12:41.600Z") };
const SECONDS = 1_795_223_561;

test("signs time, id and body", () => {
  const expected = createHmac("sha256", "key").update(`${SECONDS}.d-1.{"ü":1}`).digest("hex");
  expect(signatureOf(DELIVERY, ["key"])).toBe(`t=${SECONDS},v1=${expected}`);
});

test("signs once with each key, so that receivers can change to another one", () => {
  const [time, first, second] = signatureOf(DELIVERY, ["new", "old"])!.split(",");
  expect(time).toBe(`t=${SECONDS}`);
  expect(first).toBe(signatureOf(DELIVERY, ["new"])!.split(",")[1]);
  expect(second).toBe(signatureOf(DELIVERY, ["old"])!.split(",")[1]);
});

test("any difference makes another signature", () => {
  const signatures = [
    DELIVERY,
    { ...DELIVERY, deliveryId: "d-2" },
    { ...DELIVERY, body: "{}" },
    { ...DELIVERY, at: new Date("2026-11-21T01:12:42.600Z") },
  ].map((delivery) => signatureOf(delivery, ["key"]));
  expect(new Set(signatures).size).toBe(4);
});

test("there is none without keys", () => {
  expect(signatureOf(DELIVERY, [])).toBeNull();
});
