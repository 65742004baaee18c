import { type Truth, type TruthCell, truthShares } from "@v6meter/exporter";
import type { LoadSent } from "./load.ts";

/** What an audit asks: the API of a running platform. */
export interface Audited {
  get<T>(path: string): Promise<T>;
  sql<T extends unknown[]>(query: string): Promise<T[]>;
}

/** One figure the platform gives, beside what it must be. */
export interface Finding {
  readonly what: string;
  readonly sent: string;
  readonly found: string;
}

export const differs = ({ sent, found }: Finding): boolean => sent !== found;

const plain = (exporter: string) => exporter.replace(/^::ffff:(?=\d+\.)/, "");
const finding = (what: string, sent: unknown, found: unknown): Finding => ({
  what,
  sent: String(sent),
  found: String(found),
});

/** Rows, octets and packets of every exporter against what it sent. */
export async function auditExporters(platform: Audited, { captures, truths }: LoadSent): Promise<Finding[]> {
  const stored = new Map(
    (
      await platform.sql<string[]>(
        "SELECT toString(exporter), toString(count()), toString(sum(bytes)), toString(sum(packets)) FROM flows GROUP BY exporter",
      )
    ).map(([exporter, ...sums]) => [plain(exporter as string), sums.map(BigInt)]),
  );
  const of = (exporters: readonly string[]) => {
    const sums = [0n, 0n, 0n];
    for (const exporter of exporters) {
      for (const [i, one] of (stored.get(exporter) ?? []).entries()) sums[i] = (sums[i] as bigint) + one;
      stored.delete(exporter);
    }
    return sums;
  };
  const both = (name: string, exporters: readonly string[], sent: readonly (number | bigint)[]) => {
    const found = of(exporters);
    return ["rows", "bytes", "packets"].map((unit, i) => finding(`${name}: ${unit}`, sent[i], found[i]));
  };
  const findings = [
    ...captures.flatMap((it) => both(it.name, it.exporters, [it.rows, it.bytes, it.packets])),
    ...truths.flatMap(({ routers }) =>
      routers.flatMap((it) => both(it.name, [it.exporter], [it.records, it.bytes, it.packets])),
    ),
  ];
  return [...findings, finding("exporters nobody sent from", "", [...stored.keys()].join(" "))];
}

/** IPv6 share of traffic by city and operator, and traffic by family, against the simulated truth. */
export async function auditShares(platform: Audited, { truths }: LoadSent): Promise<Finding[]> {
  const truth = { cells: truths.flatMap(({ cells }) => cells) } as Pick<Truth, "cells"> as Truth;
  const key = ({ region, operator }: Pick<TruthCell, "region" | "operator">) => `${region} ${operator}`;
  const { rows } = await platform.get<{
    rows: { region: string; operator: string; v6_bytes: string; total_bytes: string }[];
  }>("/api/v1/traffic/share?by=region,operator");
  const found = new Map(rows.map((row) => [key(row), row]));
  const findings: Finding[] = [];
  for (const [name, sum] of truthShares(truth, (cell) => (cell.region === "unknown" ? null : key(cell)))) {
    findings.push(finding(`${name}: IPv6 bytes`, sum.v6Bytes, found.get(name)?.v6_bytes ?? "none"));
    findings.push(finding(`${name}: bytes`, sum.totalBytes, found.get(name)?.total_bytes ?? "none"));
  }
  const families = new Map<string, bigint>();
  for (const { family, scaledBytes, region } of truth.cells)
    if (region !== "unknown") families.set(String(family), (families.get(String(family)) ?? 0n) + scaledBytes);
  const stored = await platform.sql<[string, string]>(
    "SELECT toString(family), toString(sum(bytes_scaled)) FROM flows_1d WHERE region != 'unknown' GROUP BY family",
  );
  for (const [family, bytes] of families)
    findings.push(finding(`family ${family}: bytes`, bytes, stored.find(([it]) => it === family)?.[1] ?? "none"));
  return findings;
}

/** Every exporter's books at every stage, and what its sequence numbers say was lost. */
export async function auditBooks(platform: Audited, { captures, truths }: LoadSent): Promise<Finding[]> {
  const findings = await auditBalance(platform);
  const lost = new Map(
    (
      await platform.sql<[string, string]>(
        "SELECT toString(exporter), toString(sum(count)) FROM ledger WHERE outcome = 'lost' GROUP BY exporter",
      )
    ).map(([exporter, count]) => [plain(exporter), count]),
  );
  for (const { exporters, name } of captures)
    findings.push(
      finding(
        `${name}: lost`,
        0,
        exporters.reduce((sum, it) => sum + Number(lost.get(it) ?? 0), 0),
      ),
    );
  for (const { name, exporter, version, withheld } of truths.flatMap(({ routers }) => routers))
    findings.push(
      finding(`${name}: lost`, version === 9 ? withheld.datagrams : withheld.records, lost.get(exporter) ?? 0),
    );
  return findings;
}

/** received = forwarded + held + dropped at every stage of every exporter, and what was written are the rows. */
export async function auditBalance(platform: Audited): Promise<Finding[]> {
  const stages = await platform.sql<[string, string, string, string]>(`
    SELECT toString(exporter), stage, toString(sumIf(count, outcome = 'received')),
           toString(sumIf(count, outcome IN ('forwarded', 'held', 'dropped')))
    FROM ledger GROUP BY exporter, stage ORDER BY exporter, stage`);
  const [sums] = await platform.sql<[string, string]>(`
    SELECT (SELECT toString(count()) FROM flows),
           (SELECT toString(sum(count)) FROM ledger WHERE stage = 'write' AND outcome = 'forwarded')`);
  return [
    ...stages.map(([exporter, stage, received, left]) => finding(`${plain(exporter)} ${stage}: books`, received, left)),
    finding("rows written by the books", sums?.[1], sums?.[0]),
  ];
}

const KEY = `region, operator, access, family, technology, flow_direction, observation_point,
  toString(exporter) AS router, counted`;
const SUMS = {
  flows: `count(), sum(bytes), sum(packets), sum(bytes * if(sampling_rate = 0, 1, sampling_rate))`,
  rollup: "sum(records), sum(bytes), sum(packets), sum(bytes_scaled)",
};
/** The start of a row's bucket by arithmetic on seconds: a second way beside the migrations'. */
const BUCKETS = {
  flows_5m: "intDiv(s, 300) * 300",
  flows_1h: "intDiv(s, 3600) * 3600",
  flows_1d: "intDiv(s + 28800, 86400) * 86400 - 28800",
};

/** The rollups hold what a recount of the rows gives, in every bucket and dimension. */
export async function auditRollups(platform: Audited): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [rollup, bucket] of Object.entries(BUCKETS)) {
    const read = async (from: string, time: string, sums: string) => {
      const start = bucket.replace(/\bs\b/, `toUnixTimestamp(${time})`);
      const rows = await platform.sql(`SELECT ${start} AS at, ${KEY}, ${sums} FROM ${from} GROUP BY ALL ORDER BY ALL`);
      return rows.map((row) => row.join(" "));
    };
    const recount = await read("flows", "received_at", SUMS.flows);
    const stored = new Set(await read(rollup, "bucket_at", SUMS.rollup));
    const equal = recount.filter((line) => stored.has(line)).length;
    findings.push(
      finding(
        `${rollup}: groups equal to a recount`,
        `${recount.length} of ${recount.length}`,
        `${equal} of ${stored.size}`,
      ),
    );
  }
  return findings;
}
