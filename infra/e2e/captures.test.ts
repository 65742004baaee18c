import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { CAPTURE_FOLDERS, capturesIn } from "@v6meter/captures";
import { replay } from "@v6meter/exporter";
import { type Capture, readCapture } from "@v6meter/pcap";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Platform, settled, startPlatform } from "./platform.ts";

const FOLDER = CAPTURE_FOLDERS.shared;
const missing = !existsSync(FOLDER);
if (missing) process.stdout.write("../shared/captures is not here: no capture of it is sent through the pipeline\n");
if (missing && process.env.CI) throw new Error("../shared/captures is missing: CI cannot go without it");

interface Sums {
  flow_records: number;
  ipv4: number;
  ipv6: number;
  bytes: number;
  packets: number;
}

interface Expected {
  name: string;
  after_templates_known: Sums;
  verdict?: { accept_flows?: number[] };
}

/** A record as the reference decoder lists it, as far as a row of `flows` can be held against it. */
interface ReferenceRecord {
  type: "flow" | "options";
  src?: string;
  dst?: string;
  sport?: number;
  dport?: number;
  proto?: number;
  tos?: number;
  tcp_flags?: number;
  bytes?: number;
  packets?: number;
  in_if?: number;
  out_if?: number;
  src_as?: number;
  dst_as?: number;
  src_mask?: number;
  dst_mask?: number;
  direction?: number;
  start_ms?: number;
  end_ms?: number;
  sampling_rate?: number;
  ipver?: number | null;
  version: number;
  domain: number;
  frame?: unknown;
  rev_bytes?: number;
  rev_packets?: number;
  /** Enterprise, element, octets in hex; 29305 marks a reverse element (RFC 5103 §6.1). */
  fields?: [number, number, string][];
}

const REVERSE_PEN = 29305;

const files = capturesIn(FOLDER, CAPTURE_FOLDERS.restricted);

/** Several captures share an exporter's address; here each has addresses of its own. */
function withOwnAddresses(capture: Capture, index: number): Capture {
  const sources = [...new Set(capture.datagrams.map(({ source }) => source))];
  const datagrams = capture.datagrams.map((datagram) => ({
    ...datagram,
    source: `198.18.${index}.${sources.indexOf(datagram.source) + 1}`,
  }));
  return { ...capture, datagrams };
}

const COLUMNS =
  "src_addr, dst_addr, src_port, dst_port, protocol, tos, tcp_flags, bytes, packets, in_if, out_if, src_as, dst_as, src_mask, dst_mask, direction, toUnixTimestamp64Milli(start_at), toUnixTimestamp64Milli(end_at), sampling_rate, family, version, observation_domain";

const address = (text: string | undefined) => {
  if (text === undefined) return "::";
  return text.includes(":") ? text : `::ffff:${text}`;
};

function expectedRow(record: ReferenceRecord): string {
  return [
    address(record.src),
    address(record.dst),
    record.sport ?? 0,
    record.dport ?? 0,
    record.proto ?? 0,
    record.tos ?? 0,
    record.tcp_flags ?? 0,
    record.bytes ?? 0,
    record.packets ?? 0,
    record.in_if ?? 0,
    record.out_if ?? 0,
    record.src_as ?? 0,
    record.dst_as ?? 0,
    record.src_mask ?? 0,
    record.dst_mask ?? 0,
    record.direction ?? 0,
    Math.max(0, record.start_ms ?? 0),
    Math.max(0, record.end_ms ?? 0),
    Math.round(record.sampling_rate ?? 0),
    record.ipver ?? 0,
    record.version,
    record.domain,
  ].join(" ");
}

describe.skipIf(missing)("every capture through UDP and the whole pipeline, by SQL", () => {
  const data = mkdtempSync(join(tmpdir(), "v6meter-captures-"));
  let platform: Platform;
  const exporters = new Map<string, string[]>();

  beforeAll(async () => {
    platform = await startPlatform(data);
    let datagrams = 0;
    for (const [index, file] of files.entries()) {
      const capture = withOwnAddresses(readCapture(readFileSync(file)), index);
      const result = await replay(capture, { to: platform.udp, speed: "max" });
      expect(result.failed, `${file}: ${result.error}`).toBe(0);
      exporters.set(file, [...new Set(result.sources.map(({ from }) => from.host))]);
      datagrams += result.sent;
    }
    await settled(platform, datagrams);
  }, 120_000);
  afterAll(async () => {
    expect(await platform.stop()).toBe(0);
    rmSync(data, { recursive: true });
  });

  test.each(files.map((file) => ({ name: basename(file, ".pcap"), file })))("$name", async ({ file }) => {
    const expected = JSON.parse(readFileSync(file.replace(/pcap$/, "expected.json"), "utf8")) as Expected;
    const records = readFileSync(file.replace(/pcap$/, "records.jsonl"), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as ReferenceRecord)
      .filter(({ type }) => type === "flow");
    const where = `exporter IN (${exporters
      .get(file)
      ?.map((text) => `toIPv6('${text}')`)
      .join(", ")})`;

    const [counts] = await platform.sql<[string, string, string, string, string]>(
      `SELECT toString(count()), toString(countIf(family = 4)), toString(countIf(family = 6)), toString(sum(bytes)), toString(sum(packets)) FROM flows WHERE ${where}`,
    );
    const [rows, v4, v6, bytes, packets] = (counts ?? []).map(Number);
    const sums = expected.after_templates_known;
    if (expected.verdict?.accept_flows && rows !== sums.flow_records) {
      expect(expected.verdict.accept_flows).toContain(rows);
      return;
    }
    // A reverse direction that has packets is a row of its own, and not in the expected sums (RFC 5103).
    const reverse = records.filter(
      ({ fields, rev_packets }) => rev_packets && fields?.some(([enterprise]) => enterprise === REVERSE_PEN),
    );
    const sumOf = (name: "rev_bytes" | "rev_packets") => reverse.reduce((sum, record) => sum + (record[name] ?? 0), 0);
    expect({ rows, bytes, packets }).toEqual({
      rows: sums.flow_records + reverse.length,
      bytes: sums.bytes + sumOf("rev_bytes"),
      packets: sums.packets + sumOf("rev_packets"),
    });
    // A record without addresses of its own may show its family by the packet it carries (IE 104, 313, 315).
    const carried = records.filter(({ frame, ipver }) => frame !== undefined && !ipver).length;
    expect((v4 as number) + (v6 as number)).toBe(sums.ipv4 + sums.ipv6 + carried + reverse.length);
    if (carried > 0) return;
    const reverseOf = (family: number) => reverse.filter(({ ipver }) => ipver === family).length;
    expect({ v4, v6 }).toEqual({ v4: sums.ipv4 + reverseOf(4), v6: sums.ipv6 + reverseOf(6) });

    const stored = await platform.sql<(string | number)[]>(`SELECT ${COLUMNS} FROM flows WHERE ${where}`);
    const lines = stored.map((row) => row.join(" "));
    if (reverse.length > 0) {
      expect(lines).toEqual(expect.arrayContaining(records.map(expectedRow)));
      return;
    }
    expect(lines.sort()).toEqual(records.map(expectedRow).sort());
  });

  test("the books of all captures balance", async () => {
    const { exporters: all } = await platform.get<{ exporters: { exporter: string; books: { balanced: boolean } }[] }>(
      "/api/v1/exporters",
    );
    expect(all.length).toBeGreaterThanOrEqual(files.length);
    expect(all.filter(({ books }) => !books.balanced)).toEqual([]);
  });
});
