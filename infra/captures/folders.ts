import { resolve } from "node:path";

const SHARED = resolve(import.meta.dirname, "../../../shared/captures");

/** The repository's own captures, and those kept beside it, which are not ours to publish. */
export const CAPTURE_FOLDERS = {
  own: import.meta.dirname,
  shared: SHARED,
  restricted: resolve(SHARED, "restricted"),
} as const;
