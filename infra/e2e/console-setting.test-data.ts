import type { BrowserContext, Page } from "playwright-core";
import type { Watched } from "./browser.ts";
import type { Platform } from "./platform.ts";

/** What tests of the console share: the platform, and the page of the test that runs. */
export interface ConsoleSetting {
  readonly platform: () => Platform;
  readonly page: () => Page;
  readonly context: () => BrowserContext;
  readonly watched: () => Watched;
  /** Fills a key in and sends it. */
  readonly signIn: (key?: string) => Promise<void>;
  /** Opens an address signed in, and waits until all questions are answered and all charts drawn. */
  readonly open: (address: string, key?: string) => Promise<void>;
  readonly settle: () => Promise<void>;
  /** The address a room's figures were asked by. */
  readonly questionOf: (room: string) => Promise<string>;
}
