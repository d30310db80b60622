// Clients that need something a fresh clone does not bring: a browser, a Python. Apart from `npm test`.
import config from "../jest.config.mjs";

const e2e = config.projects.find(({ displayName }) => displayName === "e2e");

export default {
  ...config,
  projects: [
    { ...e2e, displayName: "browser", testMatch: ["<rootDir>/tests/browser/*.browser.test.ts"] },
    { ...e2e, displayName: "python", testMatch: ["<rootDir>/tests/e2e/python/*.python.test.ts"] },
  ],
};
