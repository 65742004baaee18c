import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@v6meter/schemas";
import { keysFolder } from "./access.ts";
import { configOf } from "./key.ts";

/** Options of commands that ask a platform that runs. */
export const PLATFORM_OPTIONS = {
  url: { type: "string" },
  "key-file": { type: "string" },
  data: { type: "string" },
  keys: { type: "string" },
  config: { type: "string" },
} as const;

/** Their lines of a command's help; `whose` says whose key it takes. */
export const platformHelp = (whose: string) => `\
  --url URL         the platform's API (where the settings say it listens)
  --key-file FILE   file with a key of ${whose} (admin.key of the keys' folder)`;

/** Where the API is, without a slash at its end, and the key to it. Throws CONFIG_INVALID where the key cannot be read. */
export function platformApi(values: { readonly [option in keyof typeof PLATFORM_OPTIONS]?: string | undefined }) {
  const { data, keys, config: file } = values;
  const config = configOf({ ...(data && { data }), ...(keys && { keys }), ...(file && { config: file }) });
  const keyFile = values["key-file"] ?? join(keysFolder(config), "admin.key");
  try {
    const url = (values.url ?? `http://${config.query.http}`).replace(/\/+$/, "");
    return { url, key: readFileSync(keyFile, "utf8").trim() };
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `--key-file: ${keyFile} cannot be read.`, { cause });
  }
}
