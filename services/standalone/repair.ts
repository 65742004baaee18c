import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Fault } from "@v6meter/schemas";
import { repairDeduplicationLogs } from "@v6meter/store";

const HELP = `v6meter repair: makes the data of a ClickHouse server that was killed ready for repeated inserts

  --path DIR   the server's data folder, such as /var/lib/clickhouse
  --help       this text

A server of its own (tables that are not Replicated) remembers an insert before the insert's part has its
name. Killed between the two, it would take the repeated insert for a duplicate and lose its rows. Run this
before the server starts again: it forgets the inserts whose part is not there.
`;

/** The process the server's own lock file names, where it still runs. */
function runningServer(path: string): number | null {
  const status = join(path, "status");
  if (!existsSync(status)) return null;
  const pid = Number(/^PID: (\d+)/m.exec(readFileSync(status, "utf8"))?.[1] ?? Number.NaN);
  if (Number.isNaN(pid)) return null;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? pid : null;
  }
}

/** `v6meter repair`: forgets inserts without a part in a stopped server's data folder, and tells how many. */
export async function repair(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { path: { type: "string" }, help: { type: "boolean", short: "h" } } });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { path } = values;
  if (path === undefined || !existsSync(join(path, "store"))) {
    throw new Fault(
      "CONFIG_INVALID",
      `--path: found ${path ?? "none"}, allowed is the data folder of a ClickHouse server.`,
    );
  }
  const pid = runningServer(path);
  if (pid !== null) {
    throw new Fault("DATA_IN_USE", `${path} belongs to the running process ${pid}: stop the server first.`);
  }
  const forgotten = repairDeduplicationLogs(path);
  process.stdout.write(`${forgotten} inserts without a part forgotten\n`);
  return 0;
}
