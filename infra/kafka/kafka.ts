import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { kafkaJars } from "./distribution.ts";

const run = promisify(execFile);
const START_MAX_MS = 60_000;
/** A program that lives for seconds and shares its machine: no second compiler, no threads that collect garbage. */
const JAVA_OPTIONS = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
const LOG4J = `status = error
appender.console.type = Console
appender.console.name = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %m (%c)%n
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = CONSOLE
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = INFO
`;

export interface KafkaOptions {
  /** Folder of its data, kept; a folder of its own, deleted at the end, where it is left out. */
  readonly dataDir?: string;
  /** Port of the clients' listener; a free one where it is left out. */
  readonly port?: number;
  /** Security protocol of the clients' listener, PLAINTEXT where it is left out; the others need `properties`. */
  readonly clientProtocol?: "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
  /** Settings beside those of a single node on loopback, or in their place. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Users of SCRAM-SHA-256 and their passwords, made with the node. */
  readonly scramUsers?: Readonly<Record<string, string>>;
}

/** One node of Apache Kafka that is broker and controller (KRaft), on loopback. */
export interface KafkaNode {
  readonly brokers: readonly string[];
  readonly pid: number;
  /** Whatever it has written to its log. */
  log(): Promise<string>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Brokers speak to themselves by a listener of their own, whatever clients must show. */
interface Ports {
  readonly clients: number;
  readonly internal: number;
  readonly controller: number;
}

function nodeProperties(dataDir: string, ports: Ports, clientProtocol: string): Record<string, string> {
  return {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${ports.controller}`,
    listeners: `CLIENTS://127.0.0.1:${ports.clients},INTERNAL://127.0.0.1:${ports.internal},CONTROLLER://127.0.0.1:${ports.controller}`,
    "advertised.listeners": `CLIENTS://127.0.0.1:${ports.clients},INTERNAL://127.0.0.1:${ports.internal}`,
    "listener.security.protocol.map": `CLIENTS:${clientProtocol},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "INTERNAL",
    "log.dirs": join(dataDir, "logs"),
    "num.partitions": "1",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "num.network.threads": "2",
    "num.io.threads": "2",
  };
}

async function prepare(dataDir: string, options: KafkaOptions, jars: string, port: number): Promise<string> {
  const file = join(dataDir, "server.properties");
  const fresh = !existsSync(join(dataDir, "logs", "meta.properties"));
  const ports = { clients: port, internal: await freePort(), controller: await freePort() };
  const own = nodeProperties(dataDir, ports, options.clientProtocol ?? "PLAINTEXT");
  const properties = { ...own, ...options.properties };
  await writeFile(
    file,
    Object.entries(properties)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  await writeFile(join(dataDir, "log4j2.properties"), LOG4J);
  if (!fresh) return file;
  // A leading hyphen would be read as an option.
  const cluster = `v${randomBytes(16).toString("base64url").slice(1)}`;
  const users = Object.entries(options.scramUsers ?? {}).flatMap(([name, password]) => [
    "--add-scram",
    `SCRAM-SHA-256=[name=${name},password=${password}]`,
  ]);
  const format = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", file, ...users];
  await run("java", [...JAVA_OPTIONS, "-cp", `${jars}/*`, ...format]);
  return file;
}

/** Kafka lives as long as the program that started it, whatever ends that: it is told by the pipe that breaks. */
function launch(jars: string, dataDir: string, file: string): ChildProcess {
  const java = [
    ...JAVA_OPTIONS,
    `-Dlog4j2.configurationFile=${join(dataDir, "log4j2.properties")}`,
    "-cp",
    `${jars}/*`,
    "kafka.Kafka",
    file,
  ];
  const child = spawn("java", java, { stdio: ["ignore", "pipe", "pipe"] });
  const log = createWriteStream(join(dataDir, "kafka.log"), { flags: "a" });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  return child;
}

/** Nodes that run, so that none outlives this process. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts a node and waits until it serves. On a data folder that a node had before, its topics and messages
 * are there. Throws an Error with its log where it does not start.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaNode> {
  const jars = await kafkaJars();
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "v6meter-kafka-")));
  await mkdir(dataDir, { recursive: true });
  const port = options.port ?? (await freePort());
  const logFile = join(dataDir, "kafka.log");
  const file = await prepare(dataDir, options, jars, port);
  await writeFile(logFile, "");

  const child = launch(jars, dataDir, file);
  running.add(child);
  const exited = once(child, "exit").then(() => running.delete(child));
  const log = () => readFile(logFile, "utf8").catch(() => "");
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  const giveUpAt = Date.now() + START_MAX_MS;
  while (!/Kafka Server started/.test(await log())) {
    if (child.exitCode !== null || Date.now() > giveUpAt) {
      const told = await log();
      await end("SIGKILL");
      throw new Error(`Apache Kafka did not start: ${told.slice(-4_000)}`);
    }
    await sleep(50);
  }
  return {
    brokers: [`127.0.0.1:${port}`],
    pid: child.pid as number,
    log,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}
