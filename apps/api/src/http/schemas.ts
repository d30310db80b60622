import type { Json, JsonObject } from "@graphfleet/domain";
import { type Static, type TSchema, Type } from "@sinclair/typebox";

// Pieces that several features build their schemas from. A schema is the validator and the TypeScript type at once.

/** Marks a list that may also be given as one bare item. */
export const ONE_OR_MANY = "x-one-or-many";

/** Marks what is compared with stored values or names a place, and so has to be storable as it is; see `findNul`. */
export const EXACT = "x-exact";

/** Largest number that fits the counters of the ledger. */
const INT32_MAX = 2_147_483_647;

export const Uuid = Type.String({ format: "uuid" });
export const AnyJson = Type.Unsafe<Json>({});
export const AnyObject = Type.Unsafe<JsonObject>({ type: "object" });
/** Members that rows must have. */
export const Filter = Type.Unsafe<JsonObject>({ type: "object", [EXACT]: true });
export const Limit = Type.Integer({ minimum: 1, maximum: 1000, default: 10 });
export const Offset = Type.Integer({ minimum: 0, maximum: INT32_MAX, default: 0 });
export const Version = Type.Integer({ minimum: 1, maximum: INT32_MAX });
export const Flag = Type.Boolean({ default: false });
export const SortOrder = oneOf(["asc", "desc"], { default: "desc" });

export const ThreadParams = Type.Object({ thread_id: Uuid });
export const RunParams = Type.Object({ run_id: Uuid });
export const ThreadRunParams = Type.Object({ thread_id: Uuid, run_id: Uuid });

/** Fields that point at a checkpoint. All may be missing. `thread_id` may come along as an echo; it says nothing new. */
export const CheckpointFields = Type.Object({
  checkpoint_id: Type.Optional(Type.String()),
  checkpoint_ns: Type.Optional(Type.String()),
  checkpoint_map: Type.Optional(Filter),
});

/** One of these words. */
export function oneOf<const Words extends readonly string[]>(words: Words, options: { default?: Words[number] } = {}) {
  return Type.Unsafe<Words[number]>({ type: "string", enum: [...words], ...options });
}

/** A list, or one bare item that stands for a list of one. */
export function oneOrMany<Item extends TSchema>(items: Item) {
  return Type.Unsafe<readonly Static<Item>[]>({ type: "array", items, [ONE_OR_MANY]: true });
}

/** A value in one of several forms. `phrase` completes the sentence "<field> must be …". */
export function eitherOf<Form>(phrase: string, ...forms: readonly TSchema[]) {
  return Type.Unsafe<Form>({ anyOf: forms, description: phrase });
}
