import type { Bus } from "@v6meter/bus";
import type { ClassifierService } from "@v6meter/classifier";
import type { CollectorThread } from "@v6meter/collector";
import type { LiveFigure, LiveFigures } from "@v6meter/monitor";

export interface LiveSources {
  readonly bus: Bus;
  readonly collector: CollectorThread;
  readonly classifying: ClassifierService;
}

const figure = (kind: LiveFigure["kind"], name: string, help: string, value: number): LiveFigure => ({
  name,
  help,
  kind,
  values: [{ value }],
});

/** What the process knows of itself beside the books, for /metrics. */
export async function liveFigures({ bus, collector, classifying }: LiveSources): Promise<LiveFigures> {
  const collected = collector.counts();
  const classified = classifying.counts();
  const usage = (await bus.usage()) ?? { bytes: 0, maxBytes: 0 };
  const lag = await classifying.lag();
  const figures: LiveFigure[] = [
    figure("gauge", "v6meter_bus_bytes", "Bytes the bus holds.", usage.bytes),
    figure("gauge", "v6meter_bus_max_bytes", "Bytes the bus may hold.", usage.maxBytes),
    {
      name: "v6meter_bus_lag_messages",
      help: "Messages the classifier has not committed.",
      kind: "gauge",
      values: lag.map(({ partition, messages }) => ({ labels: { partition: String(partition) }, value: messages })),
    },
    figure("counter", "v6meter_classifier_cuts_total", "Cuts inserted.", classified.cuts),
    figure(
      "counter",
      "v6meter_classifier_repeated_cuts_total",
      "Cuts repeated after a crash.",
      classified.repeatedCuts,
    ),
    figure("counter", "v6meter_classifier_rows_total", "Rows inserted.", classified.rows),
    figure("counter", "v6meter_classifier_insert_seconds_total", "Time spent inserting.", classified.insertSeconds),
  ];
  if (!collected) return figures;
  return [
    ...figures,
    figure("counter", "v6meter_collector_datagrams_total", "Datagrams read from the sockets.", collected.datagrams),
    figure("counter", "v6meter_collector_datagram_bytes_total", "Octets of those datagrams.", collected.datagramBytes),
    figure("counter", "v6meter_collector_kernel_drops_total", "Datagrams the kernel dropped.", collected.kernelDrops),
    figure("counter", "v6meter_collector_flow_records_total", "Flow records decoded.", collected.flowRecords),
    figure("counter", "v6meter_collector_options_records_total", "Options records decoded.", collected.optionsRecords),
    figure("gauge", "v6meter_collector_queue_bytes", "Encoded batches that wait for the bus.", collected.queuedBytes),
    figure(
      "counter",
      "v6meter_collector_dropped_records_total",
      "Records the bus would not take.",
      collected.droppedRecords,
    ),
  ];
}
