// A project's auth and encryption without its graphs: for the scheduler, which asks before it starts a cron's run and
// executes none.
export { loadAuth, type ProjectAuth } from "./project/load-auth.js";
export { loadEncryption } from "./project/load-encryption.js";
