/**
 * CPU time of a server with all its processes, from /proc.
 *
 * CPU per run says more than throughput on a machine that is also busy with
 * other things: waiting for a core costs time but no CPU time.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * @typedef {object} ProcessStat
 * @property {number} pid
 * @property {number} parent
 * @property {number} ticks user and system time, with that of ended children
 */

/**
 * CPU milliseconds used so far by `rootPid`, its descendants, and processes that work inside `folder` (a database
 * that was started apart). Time of children that have ended is in it, as their parent took it over.
 * @param {number} rootPid
 * @param {string} folder
 * @returns {number | null} null where there is no /proc
 */
export function treeCpuMs(rootPid, folder) {
  const tree = treeOf(rootPid, folder);
  if (tree === null) return null;
  return (tree.reduce((sum, { ticks }) => sum + ticks, 0) * 1000) / ticksPerSecond();
}

/**
 * Ids of the same processes.
 * @param {number} rootPid
 * @param {string} folder
 */
export const treePids = (rootPid, folder) => treeOf(rootPid, folder)?.map(({ pid }) => pid) ?? [rootPid];

/** @param {number} rootPid @param {string} folder @returns {ProcessStat[] | null} */
function treeOf(rootPid, folder) {
  if (process.platform !== "linux") return null;
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap(statOf);

  const inTree = new Set([rootPid, ...all.filter(({ pid }) => worksIn(pid, folder)).map(({ pid }) => pid)]);
  inTree.delete(process.pid);
  for (let before = 0; before !== inTree.size;) {
    before = inTree.size;
    for (const { pid, parent } of all) if (inTree.has(parent)) inTree.add(pid);
  }
  return all.filter(({ pid }) => inTree.has(pid));
}

/** A process that ended a moment ago has no stat any more. @param {string} pid @returns {ProcessStat[]} */
function statOf(pid) {
  try {
    return [parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"))];
  } catch {
    return [];
  }
}

/**
 * Reads a line of /proc/<pid>/stat (proc(5)). The command stands in brackets and may hold spaces and brackets itself.
 * @param {string} line
 * @returns {ProcessStat}
 */
export function parseStat(line) {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  // Fields after the command count from 3: ppid is 4, then utime 14, stime 15, cutime 16, cstime 17.
  const at = (/** @type {number} */ number) => Number(fields[number - 3]);
  return { pid: Number(line.slice(0, line.indexOf(" "))), parent: at(4), ticks: at(14) + at(15) + at(16) + at(17) };
}

/** @param {number} pid @param {string} folder */
function worksIn(pid, folder) {
  try {
    const cwd = readlinkSync(`/proc/${pid}/cwd`);
    return cwd === folder || cwd.startsWith(`${folder}/`);
  } catch {
    return false;
  }
}

/** @type {number | undefined} */
let ticks;

function ticksPerSecond() {
  ticks ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  return ticks;
}
