import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { metricSum } from "./metrics.ts";
import { Spawned } from "./spawned.ts";
import type { Missing, Running, Setup, Tool } from "./tool.ts";
import { makeTopic, messagesIn } from "./topic.ts";

const run = promisify(execFile);

/** Shared by everything of this clone, and gone with its installation. */
const CACHE = resolve(import.meta.dirname, "../../../node_modules/.cache/v6meter-goflow2");
const VERSION = "2.2.6";
const MODULE = `github.com/netsampler/goflow2/v2/cmd/goflow2@v${VERSION}`;
const FLUSH_MS = 500;

/** The program, built from its module at the first call; a text that says why it is not here. */
async function program(buildMaxMs: number): Promise<{ path: string } | string> {
  const folder = join(CACHE, VERSION);
  const path = join(folder, "goflow2");
  if (existsSync(path)) return { path };
  if (spawnSync("go", ["version"], { stdio: "ignore" }).status !== 0)
    return "Go is not installed, it is built with that";
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(join(CACHE, "build-"));
  try {
    await run("go", ["install", MODULE], { env: { ...process.env, GOBIN: draft }, timeout: buildMaxMs });
    await rename(draft, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
    return { path };
  } catch (cause) {
    const { killed, message } = cause as Error & { killed?: boolean };
    return killed
      ? `go install took more than ${buildMaxMs / 1_000} s`
      : `go install failed: ${message.split("\n")[0]}`;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Flow records it has decoded, from its page for Prometheus; of v5 they stand where sets are counted for others. */
export function recordsOfGoflow2(page: string): number {
  const isData = ({ type }: Readonly<Record<string, string>>) => type === "DataFlowSet";
  return (
    metricSum(page, "goflow2_flow_process_nf_flowset_records_total", isData) +
    metricSum(page, "goflow2_flow_process_nf_flowset_total", (labels) => isData(labels) && labels.version === "5")
  );
}

/** Messages of protobuf in a file, each with its length as a varint in front (protodelim). */
export class Delimited {
  #left = 0;
  #length = 0;
  #shift = 0;
  messages = 0;

  take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      const octet = chunk[at++] as number;
      this.#length += (octet & 0x7f) * 2 ** this.#shift;
      this.#shift += 7;
      if (octet < 0x80) {
        this.messages++;
        this.#left = this.#length;
        this.#length = 0;
        this.#shift = 0;
      }
    }
  }
}

async function recordsInFile(file: string): Promise<number> {
  const delimited = new Delimited();
  for await (const chunk of createReadStream(file)) delimited.take(chunk);
  return delimited.messages;
}

async function start(path: string, { way, folder, port, brokers, topic }: Setup): Promise<Running> {
  const http = await freePort();
  const file = way === "disk" ? join(folder, "flows") : "/dev/null";
  if (way === "kafka") await makeTopic(brokers, topic);
  const transport =
    way === "kafka"
      ? [
          "-transport=kafka",
          `-transport.kafka.brokers=${brokers.join(",")}`,
          `-transport.kafka.topic=${topic}`,
          `-transport.kafka.flushfreq=${FLUSH_MS}ms`,
        ]
      : // A separator would be a second write to the system for every record.
        ["-transport=file", `-transport.file=${file}`, "-transport.file.sep="];
  const spawned = await Spawned.start(
    path,
    ["-loglevel=warn", `-listen=netflow://127.0.0.1:${port}`, `-addr=127.0.0.1:${http}`, "-format=bin", ...transport],
    { cwd: folder, port },
  );
  return {
    port,
    pid: spawned.pid,
    // Its page has lines for every exporter: to ask for it again and again would be in its CPU time.
    delivered: async () => null,
    kill: () => spawned.end("SIGKILL"),
    async stop() {
      const page = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text();
      await spawned.end("SIGTERM");
      if (way === "kafka") return messagesIn(brokers, topic);
      return way === "disk" ? recordsInFile(file) : recordsOfGoflow2(page);
    },
  };
}

/** goflow2, built from its Go module where it is not in the cache. */
export async function findGoflow2({ buildMaxMs }: { readonly buildMaxMs: number }): Promise<Tool | Missing> {
  const found = await program(buildMaxMs);
  if (typeof found === "string") return { name: "goflow2", missing: found };
  return {
    name: "goflow2",
    version: VERSION,
    writes: {
      nothing:
        "a protobuf message of all fields it knows of every record, one write each, to /dev/null; counted by its metrics",
      disk: "the same to a file; counted by reading it",
      kafka: "the same, a message each, uncompressed, acks of the leader; counted by the topic's offsets",
    },
    mixes: ["v5", "v9", "ipfix"],
    quietMs: (way) => (way === "kafka" ? FLUSH_MS + 300 : 400),
    start: (setup) => start(found.path, setup),
  };
}
