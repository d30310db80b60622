/** What use cases need of a logger: a constant sentence plus fields. Never inputs, outputs or headers. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
