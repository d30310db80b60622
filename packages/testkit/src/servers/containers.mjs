/**
 * Starts a container and names the address of its port.
 * @returns null where no Docker engine answers. A container that does not start is an error: an engine was there.
 */
export async function startContainer({ image, port, environment = {}, command = [], readyLog, readyTimes = 1 }) {
  const testcontainers = await loadTestcontainers();
  if (testcontainers === null) return null;
  const { GenericContainer, Wait } = testcontainers;

  const container = await new GenericContainer(image)
    .withExposedPorts(port)
    .withEnvironment(environment)
    .withCommand(command)
    .withWaitStrategy(Wait.forLogMessage(readyLog, readyTimes))
    .start();
  return {
    address: `${container.getHost()}:${container.getMappedPort(port)}`,
    stop: async () => {
      await container.stop();
    },
  };
}

/** Null without the package (production installs) and without an engine. */
async function loadTestcontainers() {
  try {
    const testcontainers = await import("testcontainers");
    await testcontainers.getContainerRuntimeClient();
    return testcontainers;
  } catch {
    return null;
  }
}
