import { Random } from "@v6meter/random";
import { addressBytes, createFlowBatch, type FlowBatch, type FlowLabels, setU64 } from "@v6meter/schemas";

const LABELS: FlowLabels = {
  technology: ["unknown", "native", "ds_lite", "6to4", "teredo"],
  region: ["unknown", "210100", "210200", "210300", "210400", "210500"],
  operator: ["unknown", "telecom", "unicom", "mobile"],
  access: ["unknown", "mobile", "fixed"],
  flow_direction: ["unknown", "up", "down", "local", "transit"],
  observation_point: ["unknown", "man", "mobile_core", "backbone"],
  subscriber_method: ["unknown", "prefix", "session"],
};

function setAddress(column: Uint8Array, row: number, text: string): void {
  column.set(addressBytes(text) as Uint8Array, row * 16);
}

/** Small numbers far more often than large ones, as hosts and ports are in traffic. */
function skewed(random: () => number, below: number): number {
  return Math.floor(below * random() ** 4);
}

export interface MixOptions {
  readonly rows: number;
  readonly seed: number;
  /** Arrival of the first row; the others follow within `spanMs`. */
  readonly fromMs: number;
  readonly spanMs: number;
}

/**
 * Rows such as a province's routers send: four exporters of three protocol versions, one that does not
 * tell its sampling rate, busy and quiet hosts of both families, small flows and a few large ones.
 */
export function mixedFlows({ rows, seed, fromMs, spanMs }: MixOptions): FlowBatch {
  const source = new Random(seed);
  const random = () => source.next();
  const batch = createFlowBatch(rows);
  batch.rows = rows;
  batch.labels = LABELS;
  const { columns: c } = batch;
  for (let row = 0; row < rows; row++) {
    const receivedMs = fromMs + Math.floor((row / rows) * spanMs);
    const exporter = Math.floor(random() * 4);
    const v6 = random() < 0.55;
    const up = random() < 0.4;
    const subscriber = skewed(random, 60_000);
    const server = skewed(random, 8_000);
    const operator = 1 + (subscriber % 3);
    const inside = v6
      ? `240e:30c:${(subscriber >> 6).toString(16)}:${(subscriber % 64).toString(16)}::${(random() < 0.5 ? 1 : Math.floor(random() * 65_535)).toString(16)}`
      : `100.${64 + (subscriber >> 14)}.${(subscriber >> 8) & 255}.${subscriber & 255}`;
    const outside = v6
      ? `2408:8000:${(server >> 4).toString(16)}::${(server % 16).toString(16)}`
      : `203.${server >> 8}.${server & 255}.10`;
    const durationMs = skewed(random, 60_000);
    const packets = 1 + skewed(random, 900);
    const clientPort = 1_024 + Math.floor(random() * 64_000);
    const serverPort = random() < 0.8 ? 443 : ([53, 80, 8_080, 123][Math.floor(random() * 4)] as number);

    setU64(c.received_at, row, receivedMs);
    setU64(c.start_at, row, receivedMs - durationMs - 200);
    setU64(c.end_at, row, receivedMs - 200);
    setAddress(c.exporter, row, exporter === 3 ? "2001:db8:ff::3" : `192.0.2.${exporter + 1}`);
    c.observation_domain[row] = exporter;
    c.version[row] = [9, 10, 10, 5][exporter] as number;
    c.ip_version[row] = v6 ? 6 : 4;
    setAddress(c.src_addr, row, up ? inside : outside);
    setAddress(c.dst_addr, row, up ? outside : inside);
    c.src_port[row] = up ? clientPort : serverPort;
    c.dst_port[row] = up ? serverPort : clientPort;
    c.protocol[row] = random() < 0.7 ? 6 : 17;
    c.tcp_flags[row] = c.protocol[row] === 6 ? 0x1b : 0;
    setU64(c.bytes, row, packets * (60 + skewed(random, 1_440)));
    setU64(c.packets, row, packets);
    if (exporter === 2 && random() < 0.1) setU64(c.responder_bytes, row, skewed(random, 100_000));
    c.sampling_rate[row] = [1_000, 1, 5_000, 0][exporter] as number;
    c.in_if[row] = 1 + Math.floor(random() * 8);
    c.out_if[row] = 1 + Math.floor(random() * 8);
    c.src_as[row] = up ? 4_134 : 9_808;
    c.dst_as[row] = up ? 9_808 : 4_134;
    c.src_mask[row] = v6 ? 48 : 24;
    c.dst_mask[row] = v6 ? 48 : 24;
    setAddress(c.next_hop, row, v6 ? `fe80::${exporter}` : `10.0.0.${exporter}`);
    c.family[row] = random() < 0.01 ? 0 : v6 ? 6 : 4;
    c.technology[row] = random() < 0.95 ? 1 : Math.floor(random() * 5);
    c.region[row] = subscriber % 6;
    c.operator[row] = operator;
    c.access[row] = 1 + (subscriber % 2);
    c.flow_direction[row] = up ? 1 : 2;
    c.observation_point[row] = 1 + (exporter % 3);
    c.counted[row] = random() < 0.8 ? 2 : Math.floor(random() * 2);
    // Of ten subscribers eight are told by a session; one of four has a second prefix every other record, one
    // of fifty none.
    setU64(c.subscriber, row, subscriber * 7_919_000_003 + 11);
    const prefix = subscriber * 104_729 + 7 + (subscriber % 4 === 0 ? row % 2 : 0);
    setU64(c.subscriber_prefix, row, subscriber % 50 === 0 ? 0 : prefix);
    c.subscriber_method[row] = subscriber % 10 < 8 ? 2 : 1;
    const shows = up && c.technology[row] === 1 && (c.counted[row] as number) > 0 && serverPort !== 53;
    c.active_family[row] = shows ? (c.family[row] as number) : 0;
  }
  return batch;
}

/** Rows that differ from nothing but what is given, at one moment of arrival, each of labels `unknown`. */
export function plainFlows(receivedMs: readonly number[], set: (batch: FlowBatch) => void = () => {}): FlowBatch {
  const batch = createFlowBatch(receivedMs.length);
  batch.rows = receivedMs.length;
  for (const [row, ms] of receivedMs.entries()) setU64(batch.columns.received_at, row, ms);
  set(batch);
  return batch;
}
