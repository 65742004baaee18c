import { join, resolve } from "node:path";
import { startPlatform } from "@v6meter/e2e/platform";
import type { CollectorReport } from "../collector-cost.ts";
import { recordsInKafka } from "../kafka-records.ts";
import { Reporting } from "./reporting.ts";
import type { Running, Setup, Tool } from "./tool.ts";

const COLLECTOR = resolve(import.meta.dirname, "../collector-process.ts");
const TO_NOTHING = join(import.meta.dirname, "collector-to-nothing.ts");
/** How often the platform is asked for its rows: that is in its CPU time. */
const ASK_MS = 1_000;

async function startCollector(file: string, args: readonly string[]): Promise<Running> {
  const collector = await Reporting.start<CollectorReport>(file, args);
  const delivered = async () => {
    const { records, queuedBytes, unforwarded } = await collector.report();
    // What waits is not where it goes; how many records that are is not known.
    return queuedBytes > 0 || unforwarded > 0 ? null : records;
  };
  return {
    port: collector.first.port,
    pid: collector.pid,
    delivered,
    async stop() {
      const records = (await collector.report()).records;
      await collector.stop();
      return records;
    },
    kill: () => collector.kill(),
  };
}

async function startToKafka({ folder, brokers, topic }: Setup): Promise<Running> {
  const [broker] = brokers as [string];
  const running = await startCollector(COLLECTOR, [folder, broker, topic]);
  return {
    ...running,
    async stop() {
      await running.stop();
      return recordsInKafka(brokers, topic);
    },
  };
}

async function startToRows({ folder, port }: Setup): Promise<Running> {
  const platform = await startPlatform(folder, { udp: `127.0.0.1:${port}`, env: { V6METER_LOG_LEVEL: "error" } });
  let askedAt = performance.now();
  const rows = async () => {
    const [row] = await platform.sql<[string | number]>("SELECT count() FROM flows");
    return Number(row?.[0] ?? 0);
  };
  return {
    port,
    pid: platform.process.pid as number,
    async delivered() {
      if (performance.now() - askedAt < ASK_MS) return null;
      askedAt = performance.now();
      return rows();
    },
    async stop() {
      const found = await rows();
      await platform.stop();
      return found;
    },
    kill: () => platform.kill(),
  };
}

function start(setup: Setup): Promise<Running> {
  if (setup.way === "nothing") return startCollector(TO_NOTHING, []);
  if (setup.way === "kafka") return startToKafka(setup);
  if (setup.way === "rows") return startToRows(setup);
  return startCollector(COLLECTOR, [setup.folder]);
}

/** This platform: a collector's process, and all of it in one process for the way to rows. */
export const V6METER: Tool = {
  name: "v6meter",
  version: "of this commit",
  writes: {
    nothing:
      "all columns of every record as Arrow batches, with the books, to a bus that forgets them; counted as published",
    disk: "the same, durably to the embedded bus; counted as published",
    kafka: "the same, from the disk on to Kafka in transactions (zstd, acks all); counted by reading the topic",
    rows: "`v6meter start`: decoded, classified, inserted into ClickHouse with all roll-ups; counted by SQL",
  },
  mixes: ["v5", "v9", "ipfix"],
  // Its books tell when all is done; this is for what is lost.
  quietMs: () => 3_000,
  start,
};
