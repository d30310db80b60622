import { controlChannelSuite } from "@graphfleet/testkit";

import { MemoryControlChannel } from "./control-channel.js";

describe("MemoryControlChannel", () => {
  controlChannelSuite(async () => {
    const channel = new MemoryControlChannel();
    return { sender: channel, receiver: channel, ready: async () => undefined, close: async () => undefined };
  });
});
