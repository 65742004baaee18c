import { spawn } from "node:child_process";
import { debianPackages } from "@v6meter/debian";

/** FreeRADIUS' client, and what it needs to run. */
export interface Radclient {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * FreeRADIUS' radclient, fetched from Debian at its first use on a machine. Where that cannot be a line says what
 * is not run, and under CI=true that is an error; null then.
 */
export function fetchedRadclient(): Radclient | null {
  const unpacked = debianPackages(["freeradius-utils"], { suite: "the suite with FreeRADIUS' radclient" });
  if (!unpacked) return null;
  const dictionaries = unpacked.file("usr/share/freeradius");
  return {
    program: unpacked.file("usr/bin/radclient"),
    args: ["-D", dictionaries, "-d", dictionaries],
    env: unpacked.env,
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
  return new Promise((resolve, reject) => {
    const child = spawn(client.program, args, { env: client.env, stdio: ["pipe", "pipe", "pipe"] });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (printed += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, printed }));
    child.stdin.end(`${requests.join("\n\n")}\n`);
  });
}
