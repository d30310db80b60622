import { WITHOUT_EFFECT, withoutEffect } from "./without-effect.js";

test("variables without effect are told when they are set, and only then", () => {
  expect(withoutEffect({ PORT: "1", LOG_COLOR: "", LS_MONGODB_URI: "mongodb://x" })).toEqual(["LS_MONGODB_URI"]);
});

test("each has a reason, in the order of the alphabet", () => {
  expect(Object.values(WITHOUT_EFFECT).every((reason) => reason.length > 10)).toBe(true);
  expect(Object.keys(WITHOUT_EFFECT)).toEqual(Object.keys(WITHOUT_EFFECT).toSorted());
});
