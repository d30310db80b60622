import { createServer } from "node:net";
import { Problem } from "../problem.js";

/** @throws Problem when something listens there already. */
export async function mustBeFree(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(portProblem(error, host, port)));
    server.listen(port, host, resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}

function portProblem(error: NodeJS.ErrnoException, host: string, port: number): Problem {
  switch (error.code) {
    case "EADDRINUSE":
      return new Problem(`Port ${port} is in use. Stop what listens there, or choose another one with --port`, {
        cause: error,
      });
    case "EACCES":
      return new Problem(`Port ${port} needs more rights than this user has. Choose one above 1023 with --port.`, {
        cause: error,
      });
    default:
      return new Problem(`Cannot listen on ${host}:${port}: ${error.message}. Check --host (HOST) and --port (PORT).`, {
        cause: error,
      });
  }
}
