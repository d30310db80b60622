/** What is open to everybody besides preflights and the files of user interfaces, unless its operator says otherwise. */
export const OPEN_PATHS: readonly string[] = ["/ok", "/info", "/metrics", "/docs", "/openapi.json"];
