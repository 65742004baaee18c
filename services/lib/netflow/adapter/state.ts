import type { Exporter } from "./exporter.ts";

/** The templates of an exporter as they outlive a restart; sampling rates are told again with the next options. */
export interface ExporterState {
  /** 16 bytes. */
  readonly address: Uint8Array;
  readonly templates: readonly {
    readonly sourcePort: number;
    readonly domain: number;
    readonly refreshedAtMs: number;
    /** A set that holds the template alone. */
    readonly set: Buffer;
  }[];
}

/** An exporter's state as bytes (JSON). */
export function stateOf({ address, sessions }: Exporter): Uint8Array {
  const templates = [...sessions.values()].flatMap(({ sourcePort, domain, templates }) =>
    [...templates.values()].map(({ set, refreshedAtMs }) => ({
      sourcePort,
      domain,
      refreshedAtMs,
      set: set.toString("hex"),
    })),
  );
  return Buffer.from(JSON.stringify({ address: Buffer.from(address).toString("hex"), templates }));
}

/** Reads what `stateOf` wrote. Throws where it is anything else. */
export function readState(bytes: Uint8Array): ExporterState {
  const { address, templates } = JSON.parse(Buffer.from(bytes).toString("utf8")) as {
    address: string;
    templates: { sourcePort: number; domain: number; refreshedAtMs: number; set: string }[];
  };
  const read = Uint8Array.from(Buffer.from(address, "hex"));
  if (read.length !== 16) throw new RangeError("not an address");
  return { address: read, templates: templates.map(({ set, ...rest }) => ({ ...rest, set: Buffer.from(set, "hex") })) };
}
