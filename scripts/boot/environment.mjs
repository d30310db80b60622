import { accessSync, constants, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What npm and its like tell their scripts about themselves. */
const NPM_OWN = /^npm_(lifecycle_|package_|command$|execpath$|node_execpath$)/i;
/** Settings of npm that pnpm would take for its own. */
const NPM_SETTING = /^npm_config_(.*)$/i;
/** Where packages come from, how to get there, and who we are to them. */
const TRANSPORT =
  /^(@.*|\/\/.*|registry|proxy|https?_?proxy|no_?proxy|ca|cafile|cert|key|strict_ssl|userconfig|globalconfig|cache|store_dir|_auth.*|.*:_.*)$/i;

/** The environment without what an npm that called us left in it, except how to reach the registry. */
export function cleanEnv(env) {
  const kept = Object.entries(env).filter(([name]) => {
    if (NPM_OWN.test(name)) return false;
    const setting = NPM_SETTING.exec(name);
    return setting === null || TRANSPORT.test(setting[1]);
  });
  return Object.fromEntries(kept);
}

/**
 * The environment for package managers: they ask nobody, stay with the version we chose, and have a home even where
 * the user has none that can be written to (containers with any uid, service accounts).
 */
export function installEnv(env, root) {
  return {
    ...env,
    ...homeFor(root),
    npm_config_manage_package_manager_versions: "false",
    npm_config_confirm_modules_purge: "false",
    npm_config_update_notifier: "false",
    COREPACK_ENABLE_DOWNLOAD_PROMPT: "0",
  };
}

function homeFor(root) {
  try {
    accessSync(homedir(), constants.W_OK);
    return {};
  } catch {
    const home = join(root, ".graphfleet", "home");
    mkdirSync(home, { recursive: true });
    return { HOME: home };
  }
}
