import { z } from "zod";
import { accessConfig } from "../access-config.ts";
import { IDENTITY_ATTRIBUTES } from "../session/files.ts";
import { hostPort } from "./address.ts";

/**
 * Every setting, its default and what it means. Unknown keys are refused. Files use these names;
 * environment variables are `V6METER_` and the path in capitals with `__` between its parts
 * (`V6METER_COLLECTOR__UDP=127.0.0.1:2055,127.0.0.1:4739`).
 */

/** Addresses of a small page for Prometheus and health checks, served by a process without the API. */
const monitorAddress = (port: number) =>
  hostPort
    .default(`127.0.0.1:${port}`)
    .describe(
      "Address of /metrics, /healthz and /readyz of the process by itself; /metrics asks for the key of keys_dir",
    );

const secretFile = (what: string) => z.string().min(1).nullable().default(null).describe(what);

export const collectorConfig = z
  .strictObject({
    monitor: monitorAddress(9601),
    udp: z
      .array(hostPort)
      .min(1)
      .default(["127.0.0.1:2055", "127.0.0.1:4739"])
      .describe(
        "Addresses that take NetFlow v1, v5, v7, v9 and IPFIX; 0.0.0.0 or [::] to be reached from other machines",
      ),
    processes: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe(
        "Processes that receive and decode side by side on the addresses of udp (more than one: Linux); 1: a thread",
      ),
    receive_buffer_bytes: z
      .int()
      .min(65_536)
      .max(1_073_741_824)
      .default(33_554_432)
      .describe("Receive buffer asked of the kernel for each socket"),
    flush_interval_ms: z
      .int()
      .min(10)
      .max(60_000)
      .default(500)
      .describe("Longest time a decoded record waits before it is published"),
    batch_rows: z
      .int()
      .min(1_024)
      .max(1_048_576)
      .default(65_536)
      .describe("Rows of a batch; a full one is published at once"),
    decoder: z
      .enum(["v6meter", "node-netflowv9"])
      .default("v6meter")
      .describe("The decoder; node-netflowv9 must be installed beside (GPL-2.0) and knows no IPFIX"),
    max_exporters: z.int().min(1).max(1_000_000).default(20_000).describe("Exporters followed at once"),
    max_templates: z.int().min(1).max(65_280).default(4_096).describe("Templates kept for one exporter"),
    template_ttl_ms: z
      .int()
      .min(60_000)
      .default(21_600_000)
      .describe("A template not refreshed for so long is forgotten"),
    template_source_port: z
      .enum(["session_then_any", "session", "any"])
      .default("session_then_any")
      .describe(
        "Whether a template serves data from other source ports of its exporter: after its own session's, never, or always",
      ),
    park_max_bytes: z
      .int()
      .min(0)
      .max(1_073_741_824)
      .default(1_048_576)
      .describe("Data kept for one exporter while its template is not known"),
    park_ttl_ms: z.int().min(0).default(1_800_000).describe("How long data waits for its template"),
    duplicate_window_ms: z
      .int()
      .min(0)
      .max(60_000)
      .default(1_000)
      .describe("The same bytes with the same sequence number within this time are one datagram; 0 keeps all"),
    clock_tolerance_ms: z
      .int()
      .min(0)
      .default(60_000)
      .describe("Beyond this offset an exporter's clock is flagged as off"),
  })
  .describe("Collector: UDP to bus");

export const kafkaConfig = z
  .strictObject({
    brokers: z
      .array(hostPort)
      .default([])
      .describe("Bootstrap brokers; none: the bus is embedded. KAFKA_BROKERS sets it as well"),
    topic_prefix: z
      .string()
      .regex(/^[a-zA-Z0-9._-]{0,100}$/)
      .default("")
      .describe("Put before the names of topics, groups and transactions, so that several platforms share brokers"),
    replication_factor: z
      .int()
      .min(1)
      .max(15)
      .nullable()
      .default(null)
      .describe("Replicas of topics that are made here; null: the broker's default"),
    max_message_bytes: z
      .int()
      .min(1_048_576)
      .max(1_073_741_824)
      .default(16_777_216)
      .describe("Size of a message at most; the topics' max.message.bytes must be as large"),
    spool_compression: z
      .enum(["zstd", "none"])
      .default("zstd")
      .describe(
        "Of what a collector holds until Kafka has it: zstd takes a quarter of the disk and goes on as it is, none leaves compressing to Kafka's client",
      ),
    retention_ms: z
      .int()
      .min(3_600_000)
      .default(259_200_000)
      .describe("How long the topic of flows is kept, read or not; set where the topic is made here"),
    request_timeout_ms: z
      .int()
      .min(1_000)
      .max(300_000)
      .default(15_000)
      .describe("Longest wait for an answer of a broker"),
    session_timeout_ms: z
      .int()
      .min(6_000)
      .max(300_000)
      .default(30_000)
      .describe("A classifier silent for so long loses its partitions"),
    tls: z.boolean().default(false).describe("Speak TLS to the brokers"),
    tls_ca_file: secretFile("Certificates of the authority that signed the brokers', PEM; null: the system's"),
    tls_cert_file: secretFile("Certificate of this client, PEM"),
    tls_key_file: secretFile("Private key of this client, PEM"),
    sasl_mechanism: z
      .enum(["none", "plain", "scram-sha-256", "scram-sha-512"])
      .default("none")
      .describe("How this client says who it is"),
    sasl_username: z.string().default("").describe("Its name"),
    sasl_password_file: secretFile("File that holds its password"),
  })
  .describe("Kafka, for services in processes of their own");

export const busConfig = z
  .strictObject({
    kafka: kafkaConfig.prefault({}),
    partitions: z
      .int()
      .min(1)
      .max(256)
      .default(1)
      .describe(
        "Partitions of the topic of flows, fixed when the bus or topic is made; classifiers beyond it have nothing to do",
      ),
    max_bytes: z
      .int()
      .min(268_435_456)
      .default(8_589_934_592)
      .describe("Size of what the bus may hold; beyond it publishing is refused"),
  })
  .describe("Bus: embedded, and a collector's spool before Kafka");

export const sessionsConfig = z
  .strictObject({
    monitor: monitorAddress(9600),
    udp: z
      .array(hostPort)
      .min(1)
      .default(["127.0.0.1:1813"])
      .describe("Addresses that take RADIUS accounting (RFC 2866) where a clients_file is given"),
    clients_file: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("RADIUS clients, YAML: address or prefix, secret_file, operator, region, access; null: no RADIUS"),
    receive_buffer_bytes: z
      .int()
      .min(65_536)
      .max(1_073_741_824)
      .default(8_388_608)
      .describe("Receive buffer asked of the kernel for each socket of RADIUS"),
    dictionary_file: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("Vendor attributes that count IPv6 octets alone or tell a port block, YAML, beside the built-in ones"),
    import_dir: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("Folder of batch files of sessions (CSV); a file that was taken in is renamed to *.done; null: none"),
    identity_keys_file: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("Keys of the identities' hashes by the month they hold from, YAML; null: identity.key of keys_dir"),
    identity_attributes: z
      .array(z.enum(IDENTITY_ATTRIBUTES))
      .min(1)
      .default(["Calling-Station-Id", "User-Name"])
      .describe("Attributes whose first that is there is the identity; a client may have its own list"),
    duplicate_window_ms: z
      .int()
      .min(1_000)
      .max(300_000)
      .default(30_000)
      .describe("The same request within this time is answered again and not counted twice"),
    flush_interval_ms: z
      .int()
      .min(10)
      .max(60_000)
      .default(500)
      .describe("Longest time an event waits before it is published and its request answered"),
  })
  .describe("Sessions: RADIUS accounting and batch files to bus");

export const classifierConfig = z
  .strictObject({
    monitor: monitorAddress(9602),
    registry_dir: z
      .string()
      .nullable()
      .default(null)
      .describe("Folder of registry files (YAML, CSV) beside the defaults; re-read when they change"),
    cut_rows: z.int().min(1_024).max(8_388_608).default(262_144).describe("Rows of one insert at most"),
    cut_interval_ms: z
      .int()
      .min(10)
      .max(60_000)
      .default(1_000)
      .describe("Longest time between two inserts while there is something to insert"),
    repeat_window_ms: z
      .int()
      .min(1_000)
      .default(300_000)
      .describe("How long a flow belongs to the router that showed it first"),
    repeat_slots: z
      .int()
      .min(1_024)
      .max(67_108_864)
      .default(1_048_576)
      .describe("Flows followed at once to find repeats; 16 bytes each"),
    session_wait_ms: z
      .int()
      .min(0)
      .max(600_000)
      .default(5_000)
      .describe(
        "Flows wait so long on the bus, once any session is known, so that a session told late still finds them",
      ),
    session_window_ms: z
      .int()
      .min(60_000)
      .default(3_600_000)
      .describe("How long an ended session is kept for flows that come late"),
    session_grace_ms: z
      .int()
      .min(0)
      .max(60_000)
      .default(2_000)
      .describe(
        "A flow in no session's time belongs to the one that began or ended so near it: clocks differ a little",
      ),
    session_slots: z
      .int()
      .min(1_024)
      .max(67_108_864)
      .default(1_048_576)
      .describe("Addresses and prefixes held by sessions at once when the table is made; it grows as needed"),
  })
  .describe("Classifier: bus to store");

export const storeConfig = z
  .strictObject({
    monitor: monitorAddress(9699),
    url: z
      .url({ protocol: /^https?$/ })
      .nullable()
      .default(null)
      .describe("ClickHouse's HTTP interface; null: the engine is embedded. CLICKHOUSE_URL sets it as well"),
    username: z.string().default("default").describe("User of the server"),
    password_file: secretFile("File that holds its password"),
    database: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .default("v6meter")
      .describe("Database of the server, made where it is missing and the user may"),
    cluster: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/)
      .nullable()
      .default(null)
      .describe("Cluster of the server: tables are Replicated and Distributed ON it; null: one server"),
    analyst_database: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .nullable()
      .default("analyst")
      .describe("Database of the analysts' views, made at every start; null: none is made and analysts have no SQL"),
    tls_ca_file: secretFile("Certificates of the authority that signed the server's, PEM; null: the system's"),
    request_timeout_ms: z
      .int()
      .min(1_000)
      .max(3_600_000)
      .default(120_000)
      .describe("Longest wait for the server's answer"),
    sql: hostPort
      .nullable()
      .default("127.0.0.1:8123")
      .describe("Address of ClickHouse's HTTP interface over the embedded engine, for reading; null: none"),
    raw_ttl_days: z.int().min(1).max(3_650).default(30).describe("Rows of flows expire after so many days"),
    max_memory_bytes: z.int().min(268_435_456).default(4_294_967_296).describe("Memory the embedded engine may use"),
    max_threads: z.int().min(1).max(256).default(2).describe("Threads of one statement of the embedded engine"),
  })
  .describe("Store (ClickHouse)");

export const queryConfig = z
  .strictObject({
    http: hostPort.default("127.0.0.1:8080").describe("Address of the API"),
    catalogue_dir: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        "Folder of YAML and CSV files with indicators, objects, targets and reported figures beside the built-in ones; looked at whenever they are asked for; null: none",
      ),
    sql_max_execution_s: z
      .int()
      .min(1)
      .max(3_600)
      .default(30)
      .describe("Longest run of a statement sent to the SQL endpoint"),
    sql_max_rows: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(100_000)
      .describe("Rows a statement of the SQL endpoint may return"),
    sql_max_memory_bytes: z
      .int()
      .min(16_777_216)
      .default(1_073_741_824)
      .describe("Memory a statement of the SQL endpoint may use"),
    min_cell_users: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(10)
      .describe(
        "A figure of fewer users is not published, nor one that would tell it, and the views of analysts leave it out; 1: all are",
      ),
    close_after_days: z
      .int()
      .min(0)
      .max(60)
      .nullable()
      .default(5)
      .describe(
        "A month that has traffic is frozen by itself so many days after its end, at 00:00 UTC+8; null: only when asked",
      ),
    restate_check: z
      .boolean()
      .default(true)
      .describe("Look once a day whether late data changed a frozen month; then it gets one version more"),
  })
  .describe("Query API");

export const reportConfig = z
  .strictObject({
    drafts_dir: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        "Folder the report of the month that ended is written into: from the 1st on as a draft, then of each snapshot; null: none",
      ),
    template_file: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("Sections, tables and sentences of the monthly report, YAML; null: the built-in ones"),
  })
  .describe("Monthly report");

export const config = z.strictObject({
  data_dir: z.string().min(1).default("./data").describe("Folder of the bus, the store and the keys"),
  keys_dir: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("Folder of the keys, which all processes of a platform share; null: data_dir"),
  log_level: z
    .enum(["trace", "debug", "info", "warn", "error", "silent"])
    .default("info")
    .describe("Least level that is logged"),
  collector: collectorConfig.prefault({}),
  bus: busConfig.prefault({}),
  sessions: sessionsConfig.prefault({}),
  classifier: classifierConfig.prefault({}),
  store: storeConfig.prefault({}),
  query: queryConfig.prefault({}),
  report: reportConfig.prefault({}),
  access: accessConfig.prefault({}),
});
export type Config = z.infer<typeof config>;
export type CollectorConfig = Config["collector"];
export type BusConfig = Config["bus"];
export type KafkaConfig = BusConfig["kafka"];
export type SessionsConfig = Config["sessions"];
export type ClassifierConfig = Config["classifier"];
export type StoreConfig = Config["store"];
export type QueryConfig = Config["query"];
