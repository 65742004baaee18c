import {
  addressBytes,
  createSessionBatch,
  SESSION_STATUS_TYPES,
  type SessionBatch,
  type SessionLabelName,
  type SessionStatusType,
  setU64,
} from "@v6meter/schemas";

/** An event as tests write it; what is left out is not told. */
export interface TestEvent {
  readonly status: SessionStatusType;
  /** Milliseconds. */
  readonly at: number;
  readonly startedAt?: number;
  readonly nas?: number;
  readonly session?: number;
  readonly subscriber?: number;
  readonly next?: readonly [subscriber: number, rotatesAtMs: number];
  readonly operator?: string;
  readonly region?: string;
  readonly access?: string;
  readonly v4?: string;
  readonly ports?: readonly [first: number, last: number];
  readonly v6?: string;
  /** With their lengths. */
  readonly framed?: string;
  readonly delegated?: string;
}

/** A batch of events. */
export function sessionBatchOf(events: readonly TestEvent[]): SessionBatch {
  const batch = createSessionBatch(events.length);
  const { columns } = batch;
  const words: Record<SessionLabelName, string[]> = { operator: ["unknown"], region: ["unknown"], access: ["unknown"] };
  const number = (label: SessionLabelName, word = "unknown") => {
    if (!words[label].includes(word)) words[label].push(word);
    return words[label].indexOf(word);
  };
  const put = (column: Uint8Array, row: number, text: string | undefined) => {
    const bytes = text === undefined ? new Uint8Array(16) : addressBytes(text.split("/")[0] as string);
    if (bytes === null) throw new Error(`${text} is not an address`);
    column.set(bytes, row * 16);
    return text === undefined ? 0 : Number(text.split("/")[1] ?? 128);
  };
  for (const [row, event] of events.entries()) {
    setU64(columns.received_at, row, event.at);
    setU64(columns.event_at, row, event.at);
    setU64(columns.started_at, row, event.startedAt ?? 0);
    columns.status_type[row] = SESSION_STATUS_TYPES[event.status];
    setU64(columns.nas, row, event.nas ?? 1);
    setU64(columns.session, row, event.session ?? 0);
    setU64(columns.subscriber, row, event.subscriber ?? 0);
    setU64(columns.subscriber_next, row, event.next?.[0] ?? 0);
    setU64(columns.rotates_at, row, event.next?.[1] ?? 0);
    columns.operator[row] = number("operator", event.operator);
    columns.region[row] = number("region", event.region);
    columns.access[row] = number("access", event.access);
    put(columns.framed_ip_address, row, event.v4);
    columns.port_first[row] = event.ports?.[0] ?? 0;
    columns.port_last[row] = event.ports?.[1] ?? 0;
    put(columns.framed_ipv6_address, row, event.v6);
    columns.framed_ipv6_prefix_length[row] = put(columns.framed_ipv6_prefix, row, event.framed);
    columns.delegated_ipv6_prefix_length[row] = put(columns.delegated_ipv6_prefix, row, event.delegated);
  }
  batch.rows = events.length;
  batch.labels = words;
  return batch;
}
