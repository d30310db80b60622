/** A step of the schema. Plain SQL, run once, in one transaction with the record that it ran. */
export interface Migration {
  /** Sorts by its number. The database remembers it. */
  readonly name: string;
  readonly sql: string;
}
