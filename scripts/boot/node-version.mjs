const OLDEST_MAJOR = 20;

/** Null when this Node will do, else one sentence for its user. */
export function nodeProblem(version) {
  const major = Number(version.split(".")[0]);
  if (major >= OLDEST_MAJOR) return null;
  return `Graphfleet needs Node ${OLDEST_MAJOR} or newer, and this is Node ${version}: install a newer one from https://nodejs.org and try again.`;
}
