import { type TSchema, Type } from "@sinclair/typebox";
import { AnyObject } from "./schemas.js";

// Pieces that answers are described with. A title makes a schema a named one in the API document.

export const Time = Type.String({ format: "date-time" });
export const Id = Type.String({ format: "uuid" });
export const AnyValue = Type.Unknown();
export const NullableObject = Type.Unsafe({ anyOf: [AnyObject, { type: "null" }] });
export const nullable = (schema: TSchema) => Type.Unsafe({ anyOf: [schema, { type: "null" }] });

/** Rows of a list, of which `select` may have left only some members. */
export const rowsOf = (schema: TSchema) =>
  Type.Array(Type.Unsafe({ ...schema, title: `${schema.title}Row`, required: [] }));
