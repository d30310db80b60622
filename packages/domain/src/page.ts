/** Which part of a list is wanted. `limit` is 1 to 1000. */
export interface PageRequest {
  readonly limit: number;
  readonly offset: number;
}

/** A part of a list, with the number of all rows that match. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
}

export interface Sort<Column extends string> {
  readonly by: Column;
  readonly order: "asc" | "desc";
}
