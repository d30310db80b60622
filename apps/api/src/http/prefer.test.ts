import { wantsNothingBack } from "./prefer.js";

test.each([
  "return=minimal",
  "RETURN=minimal",
  "Return=Minimal",
  "return = minimal",
  ' return\t=\t"minimal" ',
  "respond-async, return=minimal",
  "wait=10; note, return=minimal; why=because",
  'note="a, return=representation", return=minimal',
  "return=minimal, return=representation",
])("%s asks for no body", (prefer) => {
  expect(wantsNothingBack(prefer)).toBe(true);
});

test.each([
  undefined,
  "",
  "return",
  "return=representation",
  "return=minimalist",
  "noreturn=minimal",
  "return=representation, return=minimal",
  "wait=10; return=minimal",
  'note="a, return=minimal"',
  "minimal",
])("%s does not", (prefer) => {
  expect(wantsNothingBack(prefer)).toBe(false);
});
