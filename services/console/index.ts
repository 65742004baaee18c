import { join } from "node:path";

/** Where `npm run build` puts the console's pages. */
export const CONSOLE_PAGES: string = join(import.meta.dirname, "dist");
