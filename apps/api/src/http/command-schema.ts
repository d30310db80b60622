import { type Static, Type } from "@sinclair/typebox";
import { AnyJson, AnyObject, eitherOf } from "./schemas.js";

/** Answers, updates and jumps for a graph that waits. `resume` may be anything, null too. */
export const Command = Type.Object({
  update: Type.Optional(
    eitherOf<Static<typeof AnyJson>>(
      "an object or a list of [key, value] pairs",
      AnyObject,
      Type.Array(Type.Tuple([Type.String(), AnyJson])),
    ),
  ),
  resume: Type.Optional(AnyJson),
  goto: Type.Optional(
    eitherOf<Static<typeof AnyJson>>(
      "a node name, a {node, input} object, or a list of those",
      Type.String(),
      Type.Object({ node: Type.String() }),
      Type.Array(Type.Union([Type.String(), Type.Object({ node: Type.String() })])),
    ),
  ),
});
