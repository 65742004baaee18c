import { parseArgs } from "node:util";
import { type NotedRecord, verifyAudit } from "@v6meter/identity";
import { Fault } from "@v6meter/schemas";
import { auditFolder } from "./access.ts";
import { configOf } from "./key.ts";

const HELP = `v6meter audit: the log of what people did

  v6meter audit verify [--noted SEQ:HASH]

  --noted SEQ:HASH  a record that was noted down before: it must be there as it was
  --data, --keys    folders, as of v6meter start; --config FILE as well

Reads the whole log and says where its chain of hashes breaks. The end it prints is worth noting down
elsewhere: a log that somebody cuts together with its head.json is told by that alone.
`;

const OPTIONS = {
  noted: { type: "string" },
  data: { type: "string" },
  keys: { type: "string" },
  config: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

function notedRecord(text: string | undefined): NotedRecord | null {
  if (text === undefined) return null;
  const [, seq, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq && hash) return { seq: Number(seq), hash };
  throw new Fault("CONFIG_INVALID", `--noted: found ${text}, allowed is a record's number, ":" and its hash.`);
}

/** `v6meter audit verify`: 0 where the log is whole. Throws AUDIT_BROKEN with the place where it is not. */
export async function audit(args: string[]): Promise<number> {
  const { values, positionals } = (() => {
    try {
      return parseArgs({ args, options: OPTIONS, allowPositionals: true });
    } catch (cause) {
      throw new Fault("CONFIG_INVALID", `${(cause as Error).message.split("\n")[0]} See --help.`, { cause });
    }
  })();
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (positionals.join(" ") !== "verify") {
    throw new Fault("CONFIG_INVALID", `Found ${positionals.join(" ") || "nothing"}, allowed is verify. See --help.`);
  }
  const folder = auditFolder(configOf(values));
  const { records, last, problem } = await verifyAudit(folder, notedRecord(values.noted));
  if (problem) throw new Fault("AUDIT_BROKEN", `${folder}: ${problem} The ${records} records before hold together.`);
  process.stdout.write(`${records} records in ${folder} hold together\n`);
  if (last) process.stdout.write(`end   ${last.seq}:${last.hash}\n`);
  return 0;
}
