import { type Datagram, HEADER_OCTETS, MAX_DATAGRAM_OCTETS, type RecordRun, writeHeader } from "./datagram.ts";
import type { ExportedFlow } from "./flow.ts";
import { NETFLOW5_MAX_RECORDS, writeNetflow5Header } from "./netflow5.ts";
import type { Template } from "./template.ts";

/** Packs flow records into datagrams and hands over each one that is full. */
export interface Packer {
  /** Adds a record; `row` names it in the generator's own books. A v5 packer is given NETFLOW5_TEMPLATE. */
  add(template: Template, flow: ExportedFlow, row: number): void;
  /** Hands over what is not full. */
  flush(): void;
}

/** What a packer makes datagrams of. */
export interface PackerOptions {
  readonly version: 5 | 9 | 10;
  readonly domain: number;
  /** v5: the sampling field of the header, 0 where it is not told. */
  readonly v5SamplingInterval: number;
  /**
   * True: a datagram holds records of one template, as IOS-XR and Junos do; false: a new set begins
   * whenever the template changes, as softflowd and others do.
   */
  readonly oneTemplatePerDatagram: boolean;
  readonly emit: (datagram: Datagram) => void;
}

interface Open {
  readonly bytes: Buffer;
  at: number;
  /** The datagram's own; everything else is used again. */
  runs: (RecordRun & { readonly template: Template; readonly setAt: number })[];
  records: number;
  readonly agesMs: Uint32Array;
  readonly rows: Uint32Array;
}

/** No record here is shorter than this, so that a datagram holds at most 1400/20 of them. */
const MOST_RECORDS = MAX_DATAGRAM_OCTETS / 20;

/** Makes a packer of one export stream (version and domain). */
export function createPacker(options: PackerOptions): Packer {
  const { version, domain, v5SamplingInterval, oneTemplatePerDatagram, emit } = options;
  const open = new Map<number, Open>();

  const begin = (): Open => ({
    bytes: Buffer.alloc(MAX_DATAGRAM_OCTETS),
    at: HEADER_OCTETS[version],
    runs: [],
    records: 0,
    agesMs: new Uint32Array(2 * MOST_RECORDS),
    rows: new Uint32Array(MOST_RECORDS),
  });

  /** Pads the last set to 32 bits and writes its length (RFC 3954 §5.3, RFC 7011 §3.3.2). */
  const endSet = (datagram: Open) => {
    const run = datagram.runs.at(-1);
    if (!run || version === 5) return;
    while (datagram.at % 4 !== 0) datagram.bytes[datagram.at++] = 0;
    datagram.bytes.writeUInt16BE(datagram.at - run.setAt, run.setAt + 2);
  };

  const close = (datagram: Open) => {
    if (datagram.records === 0) return;
    endSet(datagram);
    const bytes = Buffer.from(datagram.bytes.subarray(0, datagram.at));
    if (version === 5) writeNetflow5Header(bytes, datagram.records, domain, v5SamplingInterval);
    else writeHeader(bytes, version, domain, version === 9 ? datagram.records : bytes.length);
    emit({
      version,
      domain,
      bytes,
      records: datagram.records,
      dataRecords: datagram.records,
      runs: datagram.runs,
      agesMs: datagram.agesMs.slice(0, 2 * datagram.records),
      rows: datagram.rows.slice(0, datagram.records),
    });
    datagram.at = HEADER_OCTETS[version];
    datagram.runs = [];
    datagram.records = 0;
  };

  const fits = (datagram: Open, template: Template): boolean => {
    if (version === 5) return datagram.records < NETFLOW5_MAX_RECORDS;
    const sameSet = datagram.runs.at(-1)?.template === template;
    const needed = template.recordOctets + (sameSet ? 3 : 4 + 3 + 3);
    return datagram.records < MOST_RECORDS && datagram.at + needed <= MAX_DATAGRAM_OCTETS;
  };

  return {
    add(template, flow, row) {
      const key = oneTemplatePerDatagram ? template.id : 0;
      let datagram = open.get(key);
      if (!datagram) {
        datagram = begin();
        open.set(key, datagram);
      } else if (!fits(datagram, template)) close(datagram);
      let run = datagram.runs.at(-1);
      if (run?.template !== template) {
        endSet(datagram);
        const setAt = datagram.at;
        if (version !== 5) {
          datagram.bytes.writeUInt16BE(template.id, setAt);
          datagram.at += 4;
        }
        run = { template, setAt, at: datagram.at, count: 0 };
        datagram.runs.push(run);
      }
      template.write(datagram.bytes, datagram.at, flow);
      datagram.at += template.recordOctets;
      datagram.agesMs[2 * datagram.records] = flow.startAgeMs;
      datagram.agesMs[2 * datagram.records + 1] = flow.endAgeMs;
      datagram.rows[datagram.records] = row;
      datagram.records++;
      run.count++;
    },
    flush() {
      for (const datagram of open.values()) close(datagram);
    },
  };
}
