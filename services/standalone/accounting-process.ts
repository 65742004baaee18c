import { openKafkaBus } from "@v6meter/bus";
import { createMonitor } from "@v6meter/monitor";
import { type Logger, startWith } from "@v6meter/runtime";
import { type Config, Fault, formatHostPort } from "@v6meter/schemas";
import { accountingLine, hasAccounting, startAccounting } from "./accounting.ts";
import { accountingFigures } from "./figures.ts";
import { openKey } from "./keys.ts";
import { needKafka } from "./needs.ts";
import type { Program, Running } from "./run.ts";
import { supervise, untilReached } from "./supervision.ts";

/** Throws CONFIG_INVALID where there is nothing to take sessions from. */
function needSource(config: Config): void {
  if (hasAccounting(config)) return;
  throw new Fault(
    "CONFIG_INVALID",
    "sessions.clients_file and sessions.import_dir: neither is set; allowed is a file of RADIUS clients, a folder of batch files, or both.",
  );
}

/** RADIUS accounting and batch files to Kafka. What Kafka does not take is not answered, so a NAS sends it again. */
async function startAccountingProcess(config: Config, logger: Logger, signal: AbortSignal): Promise<Running> {
  needKafka(config);
  needSource(config);
  const { key } = await openKey(config, "admin");
  const { failed, ended } = supervise();

  await using parts = new AsyncDisposableStack();
  const openBus = () => openKafkaBus({ config: config.bus, logger });
  const bus = parts.adopt(await untilReached("Kafka", openBus, { logger, signal }), (it) => it.stop());
  const accounting = await startAccounting(parts, { config, bus, logger, onExit: ended("accounting") });
  const monitor = createMonitor({
    at: config.sessions.monitor,
    setting: "sessions.monitor",
    key,
    figures: () => accountingFigures(accounting),
    trouble: () => accounting?.trouble() ?? null,
    logger,
  });
  await startWith(parts, monitor);

  const running = parts.move();
  return {
    failed,
    announce: () => [
      ...accountingLine(accounting?.addresses ?? []),
      `MON   http://${formatHostPort(monitor.address)}/metrics`,
    ],
    stop: () => running.disposeAsync(),
  };
}

/** `v6meter accounting`. */
export const ACCOUNTING: Program<Running> = {
  name: "accounting",
  says: "RADIUS accounting and batch files of sessions to Kafka",
  options: ["data", "keys", "kafka", "accounting", "clients", "accounting-monitor"],
  start: startAccountingProcess,
};
