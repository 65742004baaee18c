import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

/** Shared by everything of this clone, and gone with its installation. */
const CACHE = resolve(import.meta.dirname, "../../node_modules/.cache/v6meter-radclient");
const FETCH_MAX_MS = 180_000;
/** Every Debian has it, and it is the C library of the programs that are fetched. */
const OF_THE_SYSTEM = ["libc6", "freeradius-config"];

/** FreeRADIUS' client, and what it needs to run. */
export interface Radclient {
  readonly program: string;
  readonly args: readonly string[];
  readonly libraries: string;
}

function command(program: string, args: readonly string[], cwd: string): string {
  return execFileSync(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"], timeout: FETCH_MAX_MS }).toString();
}

/** Debian's packages of radclient, unpacked; apt keeps its state beside them, so nobody need be root. */
function fetchInto(folder: string): void {
  const dirs = ["state/lists/partial", "cache/archives/partial", "debs", "root"];
  for (const dir of dirs) mkdirSync(join(folder, dir), { recursive: true });
  const apt = [
    `-oDir::State=${join(folder, "state")}`,
    "-oDir::State::status=/var/lib/dpkg/status",
    `-oDir::Cache=${join(folder, "cache")}`,
    // A child of root's cannot write to a folder that is its own only.
    ...(process.getuid?.() === 0 ? ["-oAPT::Sandbox::User=root"] : []),
  ];
  command("apt-get", ["-qq", ...apt, "update"], folder);
  const programs = ["freeradius-utils", "libfreeradius3"];
  const depends = command("apt-cache", [...apt, "depends", "--important", ...programs], folder);
  const needed = [...depends.matchAll(/^ *\|?(?:Depends|PreDepends): ([a-z0-9][a-z0-9.+-]+)$/gm)].map(
    (match) => match[1],
  );
  const packages = [...new Set([...programs, ...needed])].filter((name) => !OF_THE_SYSTEM.includes(name as string));
  command("apt-get", ["-qq", ...apt, "download", ...(packages as string[])], join(folder, "debs"));
  for (const file of readdirSync(join(folder, "debs"))) command("dpkg-deb", ["-x", join("debs", file), "root"], folder);
  for (const dir of ["state", "cache", "debs"]) rmSync(join(folder, dir), { recursive: true });
}

function libraryFolders(root: string): string[] {
  return ["lib", "usr/lib"].flatMap((lib) => {
    const folder = join(root, lib);
    if (!existsSync(folder)) return [];
    return [folder, ...readdirSync(folder).map((name) => join(folder, name))];
  });
}

/**
 * FreeRADIUS' radclient, fetched from Debian at its first use on a machine. Where that cannot be a line says what
 * is not run, and under CI=true that is an error; null then.
 */
export function fetchedRadclient(): Radclient | null {
  const root = join(CACHE, `debian-${process.arch}`);
  if (!existsSync(root)) {
    mkdirSync(CACHE, { recursive: true });
    const draft = mkdtempSync(join(CACHE, "fetch-"));
    try {
      fetchInto(draft);
      renameSync(join(draft, "root"), root);
    } catch (error) {
      if (!existsSync(root)) {
        const line = "NOT RUN: the suite with FreeRADIUS' radclient: apt cannot fetch Debian's freeradius-utils";
        if (process.env.CI) throw new Error(line, { cause: error });
        process.stderr.write(`${line}\n`);
        return null;
      }
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
  const dictionaries = join(root, "usr/share/freeradius");
  return {
    program: join(root, "usr/bin/radclient"),
    args: ["-D", dictionaries, "-d", dictionaries],
    libraries: libraryFolders(root).join(":"),
  };
}

/** What radclient printed and how it ended: 0 where every request was answered as it should be. */
export interface RadclientRun {
  readonly code: number | null;
  readonly printed: string;
}

/** Sends accounting requests as radclient reads them: `Name = value` parted by commas, an empty line between two. */
export function radclient(
  client: Radclient,
  {
    port,
    host = "127.0.0.1",
    secret,
    requests,
    command = "acct",
  }: { port: number; host?: string; secret: string; requests: readonly string[]; command?: "acct" | "status" },
): Promise<RadclientRun> {
  const to = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  // Two tries of a second: a request that is not answered ends the test soon.
  const args = [...client.args, "-x", "-r", "2", "-t", "1", to, command, secret];
  const env = { ...process.env, LD_LIBRARY_PATH: client.libraries };
  return new Promise((resolve, reject) => {
    const child = spawn(client.program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, printed }));
    child.stdin.end(`${requests.join("\n\n")}\n`);
  });
}
