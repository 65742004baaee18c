import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { CAPTURE_FOLDERS, capturesIn } from "@v6meter/captures";
import { readCapture } from "@v6meter/pcap";
import {
  addressBytes,
  addressText,
  createFlowBatch,
  DECODED_FIELDS,
  FIELDS,
  type FlowBatch,
  getBigU64,
  resetFlowBatch,
} from "@v6meter/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { importLibrary, type LibraryRecord, loadLibrary, type NetflowV9Library } from "./adapter/library.ts";
import { writeRow } from "./adapter/row.ts";
import { peculiarStreams, plainStreams } from "./differential-streams.test-data.ts";
import { DatagramWalk, type Facts } from "./differential-walk.test-data.ts";
import { emptyHeader, readHeader } from "./header.ts";
import { createDecoder, type Decoder } from "./index.ts";

/** One way in which the decoders read a datagram differently. */
interface Finding {
  readonly stream: string;
  readonly datagram: Uint8Array;
  readonly version: number;
  /** `hang`: the library would not return; `throw`: it threw; `count`: other records; `value`: another value. */
  readonly kind: "hang" | "throw" | "count" | "value";
  readonly field: string;
  readonly ours: string;
  readonly theirs: string;
  readonly record: LibraryRecord;
  readonly facts: Facts;
}

/** Every disagreement there is, who is right, and why. One that none of these explains fails. */
const DISAGREEMENTS: readonly {
  readonly says: string;
  readonly right: "v6meter" | "node-netflowv9" | "either";
  readonly because: string;
  explains(finding: Finding): boolean;
}[] = [
  {
    says: "v7 datagrams make the library throw",
    right: "v6meter",
    because: "A v7 record has 52 bytes (Cisco's v7 format); the library steps 48 and reads past the end.",
    explains: ({ kind, version }) => version === 7 && kind === "throw",
  },
  {
    says: "v5 with a count that its length contradicts: more counted than held",
    right: "v6meter",
    because:
      "Cisco's v5 format: the count is the number of records. Count and length contradict each other, so the datagram is dropped and counted (count_mismatch); the library never looks at the count.",
    explains: ({ kind, version, facts }) =>
      kind === "count" && version === 5 && facts.counted * 48 > facts.bodyBytes && facts.bodyBytes % 48 === 0,
  },
  {
    says: "v5 that holds more than it counts",
    right: "v6meter",
    because:
      "Cisco's v5 format: the records are as many as the header counts; what stands behind them is not a record.",
    explains: ({ kind, version, facts }) =>
      kind === "count" && version === 5 && facts.counted * 48 < facts.bodyBytes && facts.bodyBytes % 48 === 0,
  },
  {
    says: "v5 with bytes behind the last record makes the library throw and lose all records",
    right: "v6meter",
    because: "Cisco's v5 format: the records are as many as the header counts.",
    explains: ({ kind, version, facts }) =>
      kind === "throw" && version === 5 && facts.bodyBytes > 0 && facts.bodyBytes % 48 !== 0,
  },
  {
    says: "zeros behind the last set make the library loop for ever",
    right: "v6meter",
    because:
      "RFC 3954 §5.3: a set's length includes its header, so none is below 4. Zeros at the end are filling (seen of PAN-OS), any other such length ends the datagram (set_length).",
    explains: ({ kind, facts }) => kind === "hang" && facts.sets.some(({ length }) => length === 0),
  },
  {
    says: "a set length of 1 to 3 sends the library astray",
    right: "v6meter",
    because:
      "RFC 3954 §5.3: the length includes the header of 4 bytes; the rest of the datagram cannot be read (set_length).",
    explains: ({ kind, facts }) =>
      (kind === "count" || kind === "throw") && facts.sets.some(({ length }) => length > 0 && length < 4),
  },
  {
    says: "data of a template whose records have no length makes the library loop for ever",
    right: "v6meter",
    because: "RFC 3954 §5.3 gives no number of records for it; the set is dropped (template_zero_length).",
    explains: ({ kind, facts }) => kind === "hang" && facts.zeroLengthTemplate,
  },
  {
    says: "data that comes before its template",
    right: "v6meter",
    because:
      "RFC 3954 §9: the collector SHOULD store such records and decode them after the template came; the library drops them.",
    explains: ({ kind, facts }) => kind === "count" && facts.early,
  },
  {
    says: "template ids of two source ids meet in the library",
    right: "v6meter",
    because:
      "RFC 3954 §5.1 and §5.2: template ids are unique per observation domain (source id); the library keeps one table an address and port.",
    explains: ({ facts }) => facts.otherDomain,
  },
  {
    says: "a field of variable length in v9",
    right: "v6meter",
    because:
      "RFC 3954 has none; exporters in the field (H3C) send length 65535 with RFC 7011 §7's encoding. The library takes it for 65,535 bytes.",
    explains: ({ kind, facts }) => kind === "count" && facts.variableLength,
  },
  {
    says: "counters above 2^53 lose their low bits in the library",
    right: "v6meter",
    because: "RFC 3954 §8: IN_BYTES and IN_PKTS may have 8 bytes; a JavaScript number holds 53 bits.",
    explains: ({ kind, field, ours, theirs }) =>
      kind === "value" &&
      (field === "bytes" || field === "packets") &&
      BigInt(ours) > 2n ** 53n &&
      BigInt(Math.round(Number(ours))) === BigInt(Math.round(Number(theirs))),
  },
  {
    says: "integers of lengths the library has no rule for are left out by it",
    right: "v6meter",
    because:
      "RFC 7011 §6.2 allows any reduced length; RFC 3954 §8 leaves lengths to the template. The library reads 1, 2, 3, 4, 5, 6 and 8 bytes.",
    explains: ({ kind, field, theirs, facts }) =>
      kind === "value" && facts.oddLength && (field === "bytes" || field === "packets") && theirs === "0",
  },
  {
    says: "padding behind a template makes the library throw and lose the datagram",
    right: "v6meter",
    because:
      "RFC 3954 §5.2 has no padding in template sets, RFC 7011 §3.3.1 allows it in any set, and v9 exporters pad as well.",
    explains: ({ kind, facts }) => kind === "throw" && facts.paddedTemplates,
  },
  {
    says: "of several options templates in one set the library reads only the first",
    right: "v6meter",
    because: "RFC 3954 §6.1: an options template set holds one or more options templates.",
    explains: ({ kind, facts }) => kind === "count" && facts.severalOptionsTemplates,
  },
  {
    says: "a set that runs over the end of the datagram",
    right: "v6meter",
    because:
      "RFC 3954 §5.3: the length is that of the set. It is cut or damaged, so its records are not to be trusted (set_length); the library decodes what is there.",
    explains: ({ kind, facts }) => kind === "count" && facts.sets.some(({ length, left }) => length > left),
  },
  {
    says: "a datagram shorter than its header makes the library throw",
    right: "v6meter",
    because: "It is dropped and counted (header_short); the caller of the library would have to catch a RangeError.",
    explains: ({ kind, datagram, version }) => kind === "throw" && datagram.length < (version === 9 ? 20 : 24),
  },
  {
    says: "ICMP_TYPE (32) in records of IPv6 flows",
    right: "either",
    because:
      "RFC 3954 §8 ties the field to no family; IANA's registry, which has the same numbers, calls 32 icmpTypeCodeIPv4 and gives IPv6 its own (139, 178, 179). v6meter goes by the registry.",
    explains: ({ kind, field, ours, record }) =>
      kind === "value" &&
      field === "icmp_type_code" &&
      ours === "0" &&
      "icmp_type" in record &&
      "ipv6_src_addr" in record,
  },
  {
    says: "an element that is there twice: the header outside a tunnel is lost in the library",
    right: "v6meter",
    because:
      "RFC 7011 §8: several of one element in a template are in the order of the headers, outermost first; the library keeps the last.",
    explains: ({ kind, field, theirs, facts }) =>
      kind === "value" && facts.repeatedElement && field.startsWith("outer_") && (theirs === "::" || theirs === "0"),
  },
  {
    says: "the library does not join sampling rates of options records to flow records",
    right: "v6meter",
    because:
      "RFC 3954 §6: options records tell what flow records do not, the sampling rate among it; the library leaves the join to its user.",
    explains: ({ kind, field, theirs }) => kind === "value" && field === "sampling_rate" && theirs === "0",
  },
];

const seen = new Map<string, number>();
let library: NetflowV9Library;
beforeAll(async () => {
  library = await loadLibrary(importLibrary);
});

/** Reads streams with both decoders and keeps what a datagram's facts need of those before it. */
class Comparison {
  readonly findings: Finding[] = [];
  records = 0;
  readonly #decoder: Decoder = createDecoder({ duplicateWindowMs: 0 });
  readonly #ours = createFlowBatch(2_048);
  readonly #theirs = createFlowBatch(2_048);
  readonly #walk = new DatagramWalk();

  compare(stream: string, datagram: Uint8Array, address: string, port: number): void {
    const version = ((datagram[0] as number) << 8) | (datagram[1] as number);
    if (version === 10) return;
    const facts = this.#walk.facts(datagram, version, `${address} ${port}`);
    const optionsBefore = this.#decoder.totals.optionsRecords;
    resetFlowBatch(this.#ours);
    const source = addressBytes(address) as Uint8Array;
    this.#decoder.decode(datagram, source, port, 1_750_000_000_000, { batch: this.#ours, full: tooMany });
    this.records += this.#ours.rows;
    const found = (kind: Finding["kind"], field: string, ours: string, theirs: string, record: LibraryRecord = {}) =>
      this.findings.push({ stream, datagram, version, kind, field, ours, theirs, record, facts });

    if (facts.sets.some(({ length }) => length === 0) || facts.zeroLengthTemplate) {
      found("hang", "", `${this.#ours.rows} records`, "no answer");
      return;
    }
    let flows: readonly LibraryRecord[];
    try {
      flows = library.nfPktDecode(Buffer.from(datagram), { address, port })?.flows ?? [];
    } catch (error) {
      found("throw", "", `${this.#ours.rows} records`, String(error));
      return;
    }
    const records = flows.filter(({ isOption }) => isOption !== true);
    const optionsRecords = this.#decoder.totals.optionsRecords - optionsBefore;
    if (records.length !== this.#ours.rows || flows.length - records.length !== optionsRecords) {
      found(
        "count",
        "",
        `${this.#ours.rows} and ${optionsRecords} options records`,
        `${records.length} and ${flows.length - records.length}`,
      );
      return;
    }
    this.#compareValues(records, datagram, source, found);
  }

  #compareValues(
    records: readonly LibraryRecord[],
    datagram: Uint8Array,
    exporter: Uint8Array,
    found: (kind: "value", field: string, ours: string, theirs: string, record: LibraryRecord) => void,
  ): void {
    const header = emptyHeader();
    readHeader(new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength), header);
    resetFlowBatch(this.#theirs);
    for (const [row, record] of records.entries()) {
      writeRow(this.#theirs, row, record, {
        header,
        exporter,
        receivedAtMs: 1_750_000_000_000,
        samplingRate: header.samplingRate,
      });
      this.#theirs.rows++;
      for (const field of DECODED_FIELDS) {
        const [ours, theirs] = [cellText(this.#ours, field, row), cellText(this.#theirs, field, row)];
        if (ours !== theirs) found("value", field, ours, theirs, record);
      }
    }
  }
}

function tooMany(): never {
  throw new Error("more records than a datagram can hold");
}

function cellText({ columns }: FlowBatch, field: (typeof DECODED_FIELDS)[number], row: number): string {
  const { kind } = FIELDS[field];
  if (kind === "ip") return addressText(columns[field as "src_addr"], row * 16);
  if (kind === "u64" || kind === "time") return String(getBigU64(columns[field as "bytes"], row));
  return String(columns[field][row]);
}

function explain(findings: readonly Finding[]): string[] {
  return findings.flatMap((finding) => {
    const explanation = DISAGREEMENTS.find((disagreement) => disagreement.explains(finding));
    if (explanation === undefined) {
      const { stream, kind, field, ours, theirs, datagram } = finding;
      return [
        `${stream}: ${kind} ${field} v6meter ${ours}, node-netflowv9 ${theirs}: ${Buffer.from(datagram).toString("hex")}`,
      ];
    }
    seen.set(explanation.says, (seen.get(explanation.says) ?? 0) + 1);
    return [];
  });
}

const SEED = 20_261_124;

describe("generated datagrams", () => {
  test("plain v1, v5 and v9 streams: no disagreement at all", () => {
    const comparison = new Comparison();
    for (const [n, { name, datagrams }] of plainStreams(SEED, 400).entries())
      for (const datagram of datagrams) comparison.compare(name, datagram, `10.1.${n >> 8}.${n & 255}`, 2055);
    expect(comparison.findings.map(({ stream, field, ours, theirs }) => ({ stream, field, ours, theirs }))).toEqual([]);
    expect(comparison.records).toBeGreaterThan(20_000);
  });
  test.each(peculiarStreams(SEED).map((stream, n) => ({ ...stream, n })))(
    "$name: a disagreement, and it is explained",
    ({ name, datagrams, n }) => {
      const comparison = new Comparison();
      for (const datagram of datagrams) comparison.compare(name, datagram, `10.2.0.${n}`, 2055);
      expect(explain(comparison.findings)).toEqual([]);
      expect(comparison.findings.length).toBeGreaterThan(0);
    },
  );
});

const shared = existsSync(CAPTURE_FOLDERS.shared);
if (!shared) console.warn("SKIPPED: ../shared/captures is missing, its captures are not compared");
test.runIf(process.env.CI)("the shared captures are there", () => expect(shared).toBe(true));

describe("captures of real exporters", () => {
  const files = capturesIn(...Object.values(CAPTURE_FOLDERS))
    .map((path) => ({ name: basename(path), path }))
    .filter(({ name }) => !name.includes("ipfix"));
  test.each(files)("$name: every disagreement is explained", ({ name, path }) => {
    const comparison = new Comparison();
    // Exporters of different captures may have the same address: the port tells the library's tables apart.
    const port = 1_000 + files.findIndex((file) => file.path === path) * 100;
    const ports = new Map<string, number>();
    for (const { source, sourcePort, payload } of readCapture(readFileSync(path)).datagrams) {
      const key = `${source} ${sourcePort}`;
      if (!ports.has(key)) ports.set(key, port + ports.size);
      comparison.compare(name, payload, source, ports.get(key) as number);
    }
    expect(explain(comparison.findings)).toEqual([]);
  });
});

describe("the table of disagreements", () => {
  afterAll(() => {
    for (const [says, count] of seen) console.info(`${String(count).padStart(5)} x ${says}`);
  });
  test.each(DISAGREEMENTS)("$says: was seen, so the entry is not idle", ({ says, because }) => {
    expect(seen.get(says) ?? 0).toBeGreaterThan(0);
    expect(because.length).toBeGreaterThan(20);
  });
});
