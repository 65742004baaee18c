import { z } from "zod";
import { hostPort, monitorAddress } from "./address.ts";

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
