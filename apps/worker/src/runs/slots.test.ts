import { Slots } from "./slots.js";

test("gives out as many slots as there are", () => {
  const slots = new Slots(2);

  expect([slots.tryTake(), slots.tryTake(), slots.tryTake()]).toEqual([true, true, false]);
  slots.give();
  expect(slots.free).toBe(1);
});

test("who waits gets the next slot, in order, and nobody comes in between", async () => {
  const slots = new Slots(1);
  const order: string[] = [];
  await slots.take();
  const first = slots.take().then(() => order.push("first"));
  const second = slots.take().then(() => order.push("second"));

  slots.give();
  expect(slots.tryTake()).toBe(false);
  await first;
  slots.give();
  await second;

  expect(order).toEqual(["first", "second"]);
});

test("once closed, whoever waits goes without, and slots are only given back", async () => {
  const slots = new Slots(1);
  await slots.take();
  const waiting = slots.take();

  slots.close();
  slots.give();

  expect(await waiting).toBe(false);
  expect(await slots.take()).toBe(false);
  expect(slots.free).toBe(0);
});
