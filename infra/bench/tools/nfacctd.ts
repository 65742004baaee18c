import { execFileSync } from "node:child_process";
import { createReadStream, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Unpacked } from "@v6meter/debian";
import { RECEIVE_BUFFER_BYTES, Spawned } from "./spawned.ts";
import type { Running, Setup, Tool } from "./tool.ts";
import { makeTopic, sumOf } from "./topic.ts";

const PATH = "usr/sbin/nfacctd";
const REFRESH_S = 1;
/** Aggregated by so much that hardly two records meet: it is an accounting program, and knows no single flows. */
const AGGREGATE =
  "peer_src_ip, src_host, dst_host, src_port, dst_port, proto, tos, tcpflags, in_iface, out_iface, src_as, dst_as, timestamp_start, timestamp_end, flows";

/** Flow records in lines of CSV: the sum of the column FLOWS. */
export class FlowsColumn {
  #column = -1;
  records = 0;

  take(line: string): void {
    const values = line.split(",");
    const column = values.indexOf("FLOWS");
    if (column >= 0) this.#column = column;
    else if (this.#column >= 0 && line !== "") this.records += Number(values[this.#column]);
  }
}

/** Flow records in a message: objects of JSON parted by line ends. */
export function flowsOfMessage(value: Buffer): number {
  let sum = 0;
  for (const line of value.toString().split("\n"))
    if (line !== "") sum += (JSON.parse(line) as { flows: number }).flows;
  return sum;
}

async function recordsInFile(file: string): Promise<number> {
  const column = new FlowsColumn();
  if (!existsSync(file)) return 0;
  for await (const line of createInterface({ input: createReadStream(file) })) column.take(line);
  return column.records;
}

function settings({ way, port, brokers, topic }: Setup, output: string): Record<string, string | number | boolean> {
  const [host, brokerPort] = (brokers[0] ?? ":").split(":") as [string, string];
  return {
    daemonize: false,
    nfacctd_ip: "127.0.0.1",
    nfacctd_port: port,
    nfacctd_pipe_size: RECEIVE_BUFFER_BYTES,
    plugin_pipe_size: 67_108_864,
    plugin_buffer_size: 65_536,
    aggregate: AGGREGATE,
    ...(way === "kafka"
      ? {
          plugins: "kafka",
          kafka_broker_host: host,
          kafka_broker_port: brokerPort,
          kafka_topic: topic,
          kafka_output: "json",
          kafka_refresh_time: REFRESH_S,
          kafka_cache_entries: 99_991,
        }
      : {
          plugins: "print",
          print_output: "csv",
          print_output_file: output,
          print_output_file_append: true,
          print_refresh_time: REFRESH_S,
          print_cache_entries: 99_991,
        }),
  };
}

async function start(debian: Unpacked, setup: Setup): Promise<Running> {
  const { way, folder, port, brokers, topic } = setup;
  const output = join(folder, "flows.csv");
  const file = join(folder, "nfacctd.conf");
  const lines = Object.entries(settings(setup, output)).map(([key, value]) => `${key}: ${value}\n`);
  writeFileSync(file, lines.join(""));
  if (way === "kafka") await makeTopic(brokers, topic);
  const spawned = await Spawned.start(debian.file(PATH), ["-f", file], { cwd: folder, env: debian.env, port });
  return {
    port,
    pid: spawned.pid,
    delivered: async () => null,
    async stop() {
      await spawned.end("SIGINT");
      return way === "kafka" ? sumOf(brokers, topic, flowsOfMessage) : recordsInFile(output);
    },
    kill: () => spawned.end("SIGKILL"),
  };
}

/** nfacctd of Debian's pmacct. */
export function nfacctd(debian: Unpacked): Tool {
  const printed = execFileSync(debian.file(PATH), ["-V"], { env: debian.env }).toString();
  const keys =
    "addresses, ports, protocol, TOS, flags, interfaces, AS numbers and times, aggregated by all of them each second";
  return {
    name: "nfacctd",
    version: /nfacctd (\S+)/.exec(printed)?.[1] ?? "unknown",
    writes: {
      disk: `${keys}, as CSV to a file; counted by its column FLOWS`,
      kafka: `${keys}, a message of JSON each, uncompressed, acks all; counted by reading the topic`,
    },
    mixes: ["v5", "v9", "ipfix"],
    quietMs: () => 1_000 * REFRESH_S + 600,
    start: (setup) => start(debian, setup),
  };
}
