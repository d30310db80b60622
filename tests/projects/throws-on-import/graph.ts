/** A graph whose module cannot be imported: the server has to name this file and this reason. */
export const graph: unknown = readSettings();

function readSettings(): never {
  throw new Error("SETTINGS_FILE is not set");
}
