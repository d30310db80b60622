import type { Browser, Locator, Page } from "playwright-core";
import { CuttingProxy } from "../e2e/support/cutting-proxy.js";
import { TestFleet } from "../e2e/support/fleet.js";
import { eventually, runReaches } from "../e2e/support/wait.js";
import { describeBrowser, launchBrowser } from "./support/browser.js";
import { type PageServer, servePage } from "./support/page-server.js";

/** A chat page, and what its user sees and does. */
class Chat {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get messages(): Locator {
    return this.page.getByTestId("messages").locator("li");
  }

  async press(name: string, text?: string): Promise<void> {
    if (text !== undefined) await this.page.getByLabel("Message").fill(text);
    await this.page.getByRole("button", { name, exact: true }).click();
  }

  /** Presses a button that stands beside a message. */
  async pressAt(index: number, name: string, text?: string): Promise<void> {
    if (text !== undefined) await this.page.getByLabel("Message").fill(text);
    await this.messages.nth(index).getByRole("button", { name, exact: true }).click();
  }

  async shown(id: string): Promise<string> {
    return (await this.page.getByTestId(id).textContent()) ?? "";
  }

  async said(): Promise<string[]> {
    return await this.messages.locator("span").allTextContents();
  }

  /** Waits until the page shows what is asked for. */
  async shows(id: string, wanted: string | RegExp): Promise<void> {
    await eventually(
      () => this.shown(id),
      (text) => (typeof wanted === "string" ? text === wanted : wanted.test(text)),
    );
  }

  async says(wanted: (texts: readonly string[]) => boolean): Promise<string[]> {
    return await eventually(() => this.said(), wanted);
  }

  threadId(): string {
    return new URL(this.page.url()).hash.slice(1);
  }
}

const texts = (...wanted: readonly string[]) => {
  const text = JSON.stringify(wanted);
  return (said: readonly string[]): boolean => JSON.stringify(said) === text;
};
const tokens = (count: number, ms: number) =>
  JSON.stringify({ messages: [{ type: "human", content: "go" }], count, ms });
const wholeAnswer = (count: number) => Array.from({ length: count }, (_, index) => `t${index} `).join("");

describeBrowser("useStream in a browser, on a page from another origin", () => {
  let fleet: TestFleet;
  let server: PageServer;
  let browser: Browser;
  const pages: Page[] = [];
  const proxies: CuttingProxy[] = [];

  beforeAll(async () => {
    [fleet, server, browser] = await Promise.all([TestFleet.start(), servePage(), launchBrowser()]);
  });
  afterEach(async () => {
    const name = expect.getState().currentTestName?.replaceAll(/\W+/g, "-");
    const folder = process.env.SCREENSHOT_DIR;
    for (const page of pages.splice(0)) {
      if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
      await page.context().close();
    }
    for (const proxy of proxies.splice(0)) proxy.close();
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), server?.close(), fleet?.stop()]);
  });

  async function open(graph: string, { api = fleet.url, thread = "" } = {}): Promise<Chat> {
    const context = await browser.newContext();
    const page = await context.newPage();
    pages.push(page);
    await page.goto(`${server.url}/?${new URLSearchParams({ api, graph }).toString()}#${thread}`);
    return new Chat(page);
  }

  test("sends a message; the answer grows token by token", async () => {
    const chat = await open("tokens");

    await chat.press("Send", tokens(30, 20));

    await chat.says(texts("go", wholeAnswer(30)));
    await chat.shows("finished", "1");
    expect(Number(await chat.shown("drawn"))).toBeGreaterThan(10);
    // The run's id came in a header that only an exposed header lets through.
    const [run] = await fleet.client.runs.list(chat.threadId());
    expect(await chat.shown("runs")).toBe(run!.run_id);
    expect(await chat.shown("error")).toBe("");
    expect(await chat.shown("loading")).toBe("false");
  });

  test("asks, is answered and goes on", async () => {
    const chat = await open("interrupting");

    await chat.press("Send", JSON.stringify({ questions: ["Tea?"] }));
    await chat.shows("interrupt", /"value":\{"question":"Tea\?"\}/);
    await chat.shows("loading", "false");
    await chat.press("Resume", "yes");

    await chat.shows("values", /"answers":\[\{"question":"Tea\?","answer":"yes"\}\]/);
    await chat.shows("interrupt", "null");
    expect((await fleet.client.threads.get(chat.threadId())).status).toBe("idle");
  });

  test("a question that was left open is there after a reload", async () => {
    const chat = await open("interrupting");
    await chat.press("Send", JSON.stringify({ questions: ["Tea?"] }));
    await chat.shows("interrupt", /Tea\?/);
    await chat.shows("loading", "false");

    await chat.page.reload();
    await chat.shows("interrupt", /Tea\?/);
    await chat.press("Resume", "no");

    await chat.shows("values", /"answer":"no"/);
    expect(await fleet.client.runs.list(chat.threadId())).toHaveLength(2);
  });

  test("stop() ends the run", async () => {
    const chat = await open("tokens");
    await chat.press("Send", tokens(1_000, 50));
    await chat.says((said) => said.at(-1)?.includes("t3 ") ?? false);

    await chat.press("Stop");

    await chat.shows("loading", "false");
    const [run] = await fleet.client.runs.list(chat.threadId());
    await runReaches(fleet.client, chat.threadId(), run!.run_id, "interrupted");
    expect(await chat.shown("error")).toBe("");
  });

  test("an edited message makes a branch, a regenerated answer another, and one can switch", async () => {
    const chat = await open("echo");
    await chat.press("Send", "one");
    await chat.says(texts("one", "one"));
    await chat.shows("finished", "1");
    await chat.press("Send", "two");
    await chat.says(texts("one", "one", "two", "two"));
    await chat.shows("finished", "2");

    await chat.pressAt(2, "Edit", "zwei");
    await chat.says(texts("one", "one", "zwei", "zwei"));
    await chat.shows("finished", "3");

    await chat.pressAt(2, "Branch 1");
    await chat.says(texts("one", "one", "two", "two"));
    await chat.pressAt(2, "Branch 2");
    await chat.says(texts("one", "one", "zwei", "zwei"));

    await chat.pressAt(3, "Regenerate");
    await chat.shows("finished", "4");
    await chat.says(texts("one", "one", "zwei", "zwei"));
    expect(
      await chat.messages
        .nth(3)
        .getByRole("button", { name: /^Branch/ })
        .count(),
    ).toBe(2);
    expect(await fleet.client.runs.list(chat.threadId())).toHaveLength(4);
  });

  test("a page that is loaded again goes on with the run that was under way", async () => {
    const chat = await open("tokens");
    await chat.press("Send", tokens(80, 50));
    await chat.says((said) => said.at(-1)?.includes("t3 ") ?? false);

    await chat.page.reload();

    await chat.shows("loading", "true");
    await chat.says(texts("go", wholeAnswer(80)));
    await chat.shows("finished", "1");
    expect(await fleet.client.runs.list(chat.threadId())).toMatchObject([{ status: "success" }]);
  });

  test("another page joins the run and sees it from its beginning", async () => {
    const chat = await open("tokens");
    await chat.press("Send", tokens(60, 50));
    await chat.says((said) => said.at(-1)?.includes("t3 ") ?? false);

    const other = await open("tokens", { thread: chat.threadId() });
    await other.press("Join", await chat.shown("runs"));

    await other.says(texts("go", wholeAnswer(60)));
    await chat.says(texts("go", wholeAnswer(60)));
    expect(await other.shown("error")).toBe("");
  });

  test("a connection that breaks is made again, and nothing is missing or doubled", async () => {
    const proxy = await CuttingProxy.to(fleet.url);
    proxies.push(proxy);
    const chat = await open("tokens", { api: proxy.url });
    await chat.press("Send", tokens(60, 50));
    await chat.says((said) => said.at(-1)?.includes("t3 ") ?? false);

    proxy.cut();

    await chat.says(texts("go", wholeAnswer(60)));
    await chat.shows("finished", "1");
    expect(await chat.shown("error")).toBe("");
  });

  test("shows the graph's error, and the server's", async () => {
    const failing = await open("failing");
    await failing.press("Send", "{}");
    await failing.shows("error", /Boo!/);
    await failing.shows("loading", "false");

    const unknown = await open("no-such-graph");
    await unknown.press("Send", "hello");
    await unknown.shows("error", /404.*No assistant found for "no-such-graph"/);
    expect(await unknown.shown("loading")).toBe("false");
  });

  test("scripts may read the headers that paging needs", async () => {
    const chat = await open("echo");
    const search = `fetch("${fleet.url}/assistants/search", { method: "POST", body: '{"limit":1}' })
      .then(({ headers }) => [headers.get("x-pagination-next"), headers.get("x-pagination-total")])`;

    const [next, total] = await chat.page.evaluate<[string, string]>(search);

    expect(next).toBe("1");
    expect(Number(total)).toBeGreaterThan(1);
  });
});
