import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { KeyRing, type ListedKey, writtenDown } from "@v6meter/identity";
import { ensureWritableFolder } from "@v6meter/runtime";
import { type AuditEntry, api, type Config, Fault, ROLE_NAMES, ROLES, type Role } from "@v6meter/schemas";
import { keysFolder, openAudit } from "./access.ts";
import { readArguments } from "./options.ts";

const HELP = `v6meter key: the keys people and programs open the API and the SQL port with

  v6meter key create NAME --role ROLE [--operator ID] [--raw] [--days N]
  v6meter key list
  v6meter key revoke NAME

  --role ROLE      ${ROLE_NAMES.join(", ")}
  --operator ID    the operator of the registry whose figures a key of role operator sees
  --raw            an administrator's SQL sees raw flows, addresses and subscribers among them
  --days N         days until it expires (${api.KEY_DEFAULT_DAYS}); 0: never
  --data, --keys   folders, as of v6meter start; --config FILE as well

A key is shown once, when it is made. What is kept (keys.json of the keys' folder) is its SHA-256. Running
processes heed a change at once, and it is written into the audit log.

${Object.entries(ROLES)
  .map(([name, { en }]) => `  ${name.padEnd(16)} ${en}`)
  .join("\n")}
`;

const OPTIONS = {
  role: { type: "string" },
  operator: { type: "string" },
  raw: { type: "boolean" },
  days: { type: "string" },
  data: { type: "string" },
  keys: { type: "string" },
  config: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

interface Given {
  readonly values: { [K in keyof typeof OPTIONS]?: (typeof OPTIONS)[K]["type"] extends "boolean" ? boolean : string };
  readonly action: string | undefined;
  readonly names: readonly string[];
}

function read(args: string[]): Given {
  try {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    const [action, ...names] = positionals;
    return { values: values as Given["values"], action, names };
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message.split("\n")[0]} See --help.`, { cause });
  }
}

/** The settings that say where keys and audit log lie, read as every command reads them. */
export function configOf(values: { data?: string; keys?: string; config?: string }): Config {
  const args = (["data", "keys", "config"] as const).flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [`--${name}`, value];
  });
  return readArguments(args, ["data", "keys"]).settings().config;
}

function days(text: string | undefined): number | null {
  const found = text === undefined ? api.KEY_DEFAULT_DAYS : Number(text);
  if (!Number.isInteger(found) || found < 0 || found > api.KEY_MAX_DAYS) {
    throw new Fault("CONFIG_INVALID", `--days: found ${text}, allowed is 0 (never) or 1 to ${api.KEY_MAX_DAYS}.`);
  }
  return found === 0 ? null : found;
}

function role(text: string | undefined): Role {
  const found = ROLE_NAMES.find((name) => name === text);
  if (found) return found;
  throw new Fault("CONFIG_INVALID", `--role: found ${text ?? "none"}, allowed is one of ${ROLE_NAMES.join(", ")}.`);
}

/** Changes the keys between two entries of the audit log. */
function written<T>(
  config: Config,
  { action, detail }: Pick<AuditEntry, "action" | "detail">,
  change: (keys: KeyRing) => Promise<T>,
): Promise<T> {
  // A person at the machine is told by the system's user.
  const actor = { kind: "command", name: userInfo().username, role: null, operator: null } as const;
  return writtenDown(openAudit(config), { actor, from: null, action, detail }, () =>
    change(new KeyRing(keysFolder(config))),
  );
}

async function create(config: Config, name: string, values: Given["values"]): Promise<void> {
  const made = { name, role: role(values.role), operator: values.operator ?? null, raw: values.raw === true };
  if ((made.role === "operator") !== (made.operator !== null)) {
    const found = made.operator === null ? "none" : `${made.operator} with the role ${made.role}`;
    throw new Fault("CONFIG_INVALID", `--operator: found ${found}, allowed is one exactly with the role operator.`);
  }
  if (made.raw && made.role !== "administrator") {
    throw new Fault("CONFIG_INVALID", `--raw: found the role ${made.role}, allowed is administrator.`);
  }
  const validDays = days(values.days);
  const wanted = { ...made, days: validDays };
  const { key, stored } = await written(config, { action: "key.create", detail: wanted }, (keys) =>
    keys.create(wanted),
  );
  process.stdout.write(`${key}\n`);
  process.stderr.write(`key ${name} made: shown once, ${expiry(stored.expires_at)}\n`);
}

async function revoke(config: Config, name: string): Promise<void> {
  await written(config, { action: "key.revoke", detail: { name } }, (keys) => keys.revoke(name));
  process.stderr.write(`key ${name} revoked: it opens nothing any more\n`);
}

function expiry(at: string | null): string {
  return at === null ? "never expires" : `expires at ${at}`;
}

function row({ name, role, operator, raw, created_at, expires_at, last_used_at, expired }: ListedKey): string[] {
  const rights = [role, ...(operator === null ? [] : [operator]), ...(raw ? ["raw"] : [])].join(" ");
  return [name, rights, created_at, expired ? "expired" : (expires_at ?? "never"), last_used_at ?? "never"];
}

function list(config: Config): void {
  const rows = [["name", "rights", "made", "expires", "last used"], ...new KeyRing(keysFolder(config)).list().map(row)];
  const widths = (rows[0] as string[]).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  for (const cells of rows) {
    process.stdout.write(
      `${cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()}\n`,
    );
  }
}

/** `v6meter key create|list|revoke`. */
export async function key(args: string[]): Promise<number> {
  const { values, action, names } = read(args);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [name, ...more] = names;
  const allowed = action === "list" ? 0 : 1;
  if (!["create", "list", "revoke"].includes(action ?? "") || names.length !== allowed || more.length > 0) {
    throw new Fault("CONFIG_INVALID", "Allowed is create NAME, list, or revoke NAME. See --help.");
  }
  const config = configOf(values);
  await ensureWritableFolder(keysFolder(config), config.keys_dir === null ? "data_dir" : "keys_dir");
  if (action === "create") await create(config, name as string, values);
  else if (action === "revoke") await revoke(config, name as string);
  else list(config);
  return 0;
}
