import type { AccountingService } from "@v6meter/accounting";
import type { Bus, PartitionLag } from "@v6meter/bus";
import type { ClassifierService } from "@v6meter/classifier";
import type { Collectors, Forwarder } from "@v6meter/collector";
import type { LiveFigure, LiveFigures } from "@v6meter/monitor";
import type { SqlListener } from "./sql-port.ts";

const figure = (kind: LiveFigure["kind"], name: string, help: string, value: number): LiveFigure => ({
  name,
  help,
  kind,
  values: [{ value }],
});

/** A figure of each partition. */
function lagFigure(name: string, help: string, lag: readonly PartitionLag[]): LiveFigure {
  return {
    name,
    help,
    kind: "gauge",
    values: lag.map(({ partition, messages }) => ({ labels: { partition: String(partition) }, value: messages })),
  };
}

/** What an embedded bus holds: the bus of the standalone, or a collector's spool. */
export async function busFigures(bus: Bus): Promise<LiveFigures> {
  const usage = await bus.usage();
  if (!usage) return [];
  return [
    figure("gauge", "v6meter_bus_bytes", "Bytes the embedded bus or the spool holds.", usage.bytes),
    figure("gauge", "v6meter_bus_max_bytes", "Bytes the embedded bus or the spool may hold.", usage.maxBytes),
  ];
}

/** What a classifier did since its start, and what it knows of sessions. */
export async function classifierFigures(classifying: ClassifierService): Promise<LiveFigures> {
  const counts = classifying.counts();
  return [
    lagFigure("v6meter_bus_lag_messages", "Messages the classifiers have not committed.", await classifying.lag()),
    figure("counter", "v6meter_classifier_cuts_total", "Cuts inserted.", counts.cuts),
    figure("counter", "v6meter_classifier_repeated_cuts_total", "Cuts repeated after a crash.", counts.repeatedCuts),
    figure("counter", "v6meter_classifier_lost_cuts_total", "Cuts that went to another member.", counts.lostCuts),
    figure("counter", "v6meter_classifier_rows_total", "Rows inserted.", counts.rows),
    figure(
      "counter",
      "v6meter_classifier_dead_letters_total",
      "Messages that could not be read and went to the dead letters.",
      counts.unreadableMessages,
    ),
    figure(
      "counter",
      "v6meter_classifier_missed_messages_total",
      "Messages that retention deleted before they were classified.",
      counts.missedMessages,
    ),
    figure("counter", "v6meter_classifier_insert_seconds_total", "Time spent inserting.", counts.insertSeconds),
    figure(
      "gauge",
      "v6meter_classifier_delay_seconds",
      "From the publish of the last message of the last cut to its commit.",
      counts.delaySeconds,
    ),
    ...sessionFigures(classifying.sessionCounts(), await classifying.sessionLag()),
  ];
}

/** What is known of sessions; nothing where they are not read. */
function sessionFigures(
  counts: ReturnType<ClassifierService["sessionCounts"]>,
  lag: readonly PartitionLag[],
): LiveFigures {
  if (!counts) return [];
  const { table } = counts;
  return [
    lagFigure("v6meter_sessions_lag_messages", "Messages of sessions the classifiers have not committed.", lag),
    figure("counter", "v6meter_sessions_rows_total", "Session events inserted.", counts.rows),
    figure(
      "counter",
      "v6meter_sessions_dead_letters_total",
      "Messages of sessions that could not be read and went to the dead letters.",
      counts.unreadableMessages,
    ),
    figure(
      "counter",
      "v6meter_sessions_missed_messages_total",
      "Messages of sessions that retention deleted before they were read.",
      counts.missedMessages,
    ),
    figure("gauge", "v6meter_sessions_known", "Sessions in the classifier's memory.", table.sessions),
    figure("gauge", "v6meter_sessions_holdings", "Addresses and prefixes they hold.", table.holdings),
    figure("gauge", "v6meter_sessions_bytes", "Memory they take.", table.bytes),
    figure("counter", "v6meter_sessions_refused_total", "Addresses the table had no room for.", table.refused),
    figure(
      "gauge",
      "v6meter_sessions_load_seconds",
      "Time to read what the store knew at the start.",
      counts.loadSeconds,
    ),
    figure("counter", "v6meter_joined_rows_total", "Flow records whose session was known.", counts.sessionRows),
    figure(
      "counter",
      "v6meter_sessionless_rows_total",
      "Flow records of a subscriber side of which no session was known.",
      counts.sessionlessRows,
    ),
  ];
}

/** What the collectors did since their start; nothing before one has told anything. */
export function collectorFigures(collectors: Collectors): LiveFigures {
  const counts = collectors.counts();
  if (!counts) return [];
  return [
    ...processFigures(collectors),
    figure("counter", "v6meter_collector_datagrams_total", "Datagrams read from the sockets.", counts.datagrams),
    figure("counter", "v6meter_collector_datagram_bytes_total", "Octets of those datagrams.", counts.datagramBytes),
    figure("counter", "v6meter_collector_kernel_drops_total", "Datagrams the kernel dropped.", counts.kernelDrops),
    figure("counter", "v6meter_collector_flow_records_total", "Flow records decoded.", counts.flowRecords),
    figure("counter", "v6meter_collector_options_records_total", "Options records decoded.", counts.optionsRecords),
    figure("gauge", "v6meter_collector_queue_bytes", "Encoded batches that wait for the bus.", counts.queuedBytes),
    figure(
      "counter",
      "v6meter_collector_dropped_records_total",
      "Records the bus would not take.",
      counts.droppedRecords,
    ),
  ];
}

/** What several collectors have to do with each other; nothing of a collector by itself. */
function processFigures(collectors: Collectors): LiveFigures {
  const processes = collectors.processes();
  if (!processes) return [];
  const { running, restarts, claims, strays, lostStrays } = processes;
  return [
    figure("gauge", "v6meter_collector_processes", "Processes that collect.", running),
    figure("counter", "v6meter_collector_restarts_total", "Processes that ended and were started again.", restarts),
    figure("gauge", "v6meter_collector_claims", "Exporters that one of the processes has.", claims),
    figure(
      "counter",
      "v6meter_collector_strays_total",
      "Datagrams handed on to the process that has their exporter.",
      strays,
    ),
    figure(
      "counter",
      "v6meter_collector_lost_strays_total",
      "Datagrams to hand on that were dropped while no process ran.",
      lostStrays,
    ),
  ];
}

/** How the spool goes on to Kafka; nothing before Kafka has answered. */
export async function forwarderFigures(forwarder: Forwarder | null): Promise<LiveFigures> {
  if (!forwarder) return [];
  const counts = forwarder.counts();
  return [
    lagFigure("v6meter_spool_lag_messages", "Messages of the spool that are not forwarded.", await forwarder.lag()),
    figure("counter", "v6meter_forwarder_publishes_total", "Transactions published.", counts.publishes),
    figure("counter", "v6meter_forwarder_messages_total", "Messages forwarded.", counts.messages),
    figure("counter", "v6meter_forwarder_bytes_total", "Bytes forwarded, before compression.", counts.bytes),
    figure("counter", "v6meter_forwarder_retries_total", "Tries after the bus took nothing.", counts.retries),
    figure(
      "counter",
      "v6meter_forwarder_skipped_messages_total",
      "Messages that were found published already after a crash or a lost answer.",
      counts.positionsSkipped,
    ),
    figure(
      "counter",
      "v6meter_forwarder_divided_messages_total",
      "Messages too large for Kafka that went on in parts.",
      counts.dividedMessages,
    ),
    figure(
      "counter",
      "v6meter_forwarder_dropped_messages_total",
      "Messages that no publish can carry.",
      counts.droppedMessages,
    ),
  ];
}

/** What the accounting service did since its start; nothing where there is none. */
export function accountingFigures(accounting: AccountingService | null): LiveFigures {
  if (!accounting) return [];
  const { radius, files, publishing, kernelDrops, clocksOff } = accounting.counts();
  const dropped = new Map<string, number>();
  for (const reasons of [radius.dropped, files.dropped])
    for (const [reason, count] of Object.entries(reasons)) dropped.set(reason, (dropped.get(reason) ?? 0) + count);
  return [
    figure("counter", "v6meter_accounting_requests_total", "RADIUS packets read from the sockets.", radius.packets),
    figure(
      "counter",
      "v6meter_accounting_answered_total",
      "Requests answered, repeated ones among them.",
      radius.answered + radius.answeredAgain,
    ),
    {
      name: "v6meter_accounting_refused_total",
      help: "Requests and lines of files that were not taken in.",
      kind: "counter",
      values: [...dropped].map(([reason, value]) => ({ labels: { reason }, value })),
    },
    figure("counter", "v6meter_accounting_kernel_drops_total", "Requests the kernel dropped.", kernelDrops),
    figure("counter", "v6meter_accounting_lines_total", "Lines of batch files read.", files.lines),
    figure(
      "counter",
      "v6meter_accounting_files_refused_total",
      "Batch files that could not be read.",
      files.filesRefused,
    ),
    figure("counter", "v6meter_accounting_events_total", "Session events published.", publishing.events),
    figure(
      "gauge",
      "v6meter_accounting_queued_events",
      "Session events that wait for the bus.",
      publishing.queuedEvents,
    ),
    figure("counter", "v6meter_accounting_publish_seconds_total", "Time spent publishing.", publishing.publishSeconds),
    figure("counter", "v6meter_accounting_clocks_off_total", "Events whose own time was not believed.", clocksOff),
  ];
}

/** What passed the SQL interface since the start; nothing where it does not listen. */
export function sqlFigures(listener: SqlListener | null): LiveFigures {
  if (!listener) return [];
  const counts = listener.figures();
  return [
    figure("counter", "v6meter_sql_requests_total", "Requests to the SQL interface.", counts.requests),
    figure("counter", "v6meter_sql_failed_requests_total", "Requests answered with an error.", counts.failed),
    figure("counter", "v6meter_sql_abandoned_requests_total", "Requests whose client went away.", counts.abandoned),
    figure("counter", "v6meter_sql_refused_logins_total", "Logins refused.", counts.refusedLogins),
    figure(
      "counter",
      "v6meter_sql_limited_logins_total",
      "Logins refused unseen, as their address had failed too often.",
      counts.limitedLogins,
    ),
    figure("counter", "v6meter_sql_request_seconds_total", "Time from a request to its answer.", counts.seconds),
    figure("counter", "v6meter_sql_answered_rows_total", "Rows of the answers.", counts.answeredRows),
    figure(
      "counter",
      "v6meter_sql_answered_bytes_total",
      "Bytes of the answers, before packing.",
      counts.answeredBytes,
    ),
  ];
}
