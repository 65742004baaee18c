import { z } from "zod";
import { hostPort } from "./address.ts";
import { secretFile } from "./secret-file.ts";

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
