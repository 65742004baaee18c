import { z } from "zod";
import { IDENTITY_ATTRIBUTES } from "../session/files.ts";
import { hostPort, monitorAddress } from "./address.ts";

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
