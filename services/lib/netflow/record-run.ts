import { FIELD_NAMES, type FieldName, type FlowBatch, type FlowColumns } from "@v6meter/schemas";

/** The address columns as views, so that an address is copied in words. */
export interface AddressViews {
  readonly exporter: DataView;
  readonly src_addr: DataView;
  readonly dst_addr: DataView;
  readonly next_hop: DataView;
  readonly outer_src_addr: DataView;
  readonly outer_dst_addr: DataView;
}

/**
 * A run of records of one set and the rows they become; what every column step works on. One object is
 * filled again for every run.
 */
export interface RecordRun {
  /** Where the fields are: the datagram, or records packed to one length. */
  view: DataView;
  /** The datagram or parked set itself, where packed records point into. */
  source: DataView;
  at: number;
  stride: number;
  count: number;
  row: number;
  columns: FlowColumns;
  /** The columns again, in the order of FIELD_NAMES. */
  arrays: readonly FlowColumns[FieldName][];
  addresses: AddressViews;
  version: number;
  domain: number;
  exporter: DataView;
  receivedAtMs: number;
  exportMs: number;
  /** -1 where the version has none. */
  uptimeMs: number;
  /** Boot time told in options records (IE 160), -1 where it is not known. */
  systemInitMs: number;
}

/** Fills columns of a run's rows from its records. Steps are made once a layout and shared by all runs. */
export type ColumnStep = (run: RecordRun) => void;

function viewOf(column: Uint8Array): DataView {
  return new DataView(column.buffer, column.byteOffset, column.byteLength);
}

/** A batch's columns in the order of FIELD_NAMES. */
export function columnArrays({ columns }: FlowBatch): FlowColumns[FieldName][] {
  return FIELD_NAMES.map((name) => columns[name]);
}

/** The views of a batch's address columns. */
export function addressViews(batch: FlowBatch): AddressViews {
  const { columns } = batch;
  return {
    exporter: viewOf(columns.exporter),
    src_addr: viewOf(columns.src_addr),
    dst_addr: viewOf(columns.dst_addr),
    next_hop: viewOf(columns.next_hop),
    outer_src_addr: viewOf(columns.outer_src_addr),
    outer_dst_addr: viewOf(columns.outer_dst_addr),
  };
}
