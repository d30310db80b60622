// Jest reads testTimeout from the whole run only; each ring sets its own here.
import { jest } from "@jest/globals";

jest.setTimeout(globalThis.RING_TIMEOUT_MS);
