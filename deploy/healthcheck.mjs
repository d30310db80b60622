// Asks this container's own /ok: the ops port of a worker or scheduler, else the port of the API.
const { OPS_PORT, PORT } = process.env;
const port = OPS_PORT !== undefined && OPS_PORT !== "" && OPS_PORT !== "0" ? OPS_PORT : (PORT ?? "8123");

try {
  const response = await fetch(`http://127.0.0.1:${port}/ok`, { signal: AbortSignal.timeout(4_000) });
  process.exitCode = response.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
