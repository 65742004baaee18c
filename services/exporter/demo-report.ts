import { styleText } from "node:util";
import { type api, DROP_REASONS, type DropReason, type Scenario } from "@v6meter/schemas";
import Table from "cli-table3";
import { bar } from "./bar.ts";
import { type Truth, type TruthShare, truthShares } from "./scenario/truth.ts";

/** What the report is made of: the platform's answers and the truth. */
export interface DemoFindings {
  readonly scenario: Scenario;
  readonly truth: Truth;
  readonly share: api.TrafficShare;
  readonly ledger: api.Ledger;
  readonly exporters: api.Exporters;
  /** Decides whether there is colour. */
  readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

const OPERATORS: Readonly<Record<string, string>> = {
  telecom: "电信 Telecom",
  unicom: "联通 Unicom",
  mobile: "移动 Mobile",
  broadnet: "广电 Broadnet",
};

interface Sum {
  v6: bigint;
  total: bigint;
}

/** The whole report as text: shares, books, warnings. */
export function demoReport(findings: DemoFindings): string {
  return [sharesText(findings), booksText(findings), warningsText(findings)].join("\n");
}

function painter({ out }: DemoFindings): (format: Parameters<typeof styleText>[0], text: string) => string {
  return (format, text) => (out.isTTY === true ? styleText(format, text, { validateStream: false }) : text);
}

/** One table: a row a city, a column an operator; each share is sum over sum. */
function sharesText(findings: DemoFindings): string {
  const { scenario, truth, share } = findings;
  const paint = painter(findings);
  const operators = [...new Set(scenario.networks.map(({ operator }) => operator))];
  const sums = new Map<string, Sum>();
  const add = (key: string, row: { v6_bytes: string; total_bytes: string }) => {
    const sum = sums.get(key) ?? { v6: 0n, total: 0n };
    sum.v6 += BigInt(row.v6_bytes);
    sum.total += BigInt(row.total_bytes);
    sums.set(key, sum);
  };
  for (const row of share.rows) {
    add(`${row.region}/${row.operator}`, row);
    add(`${row.region}/`, row);
    if (row.region === "unknown") continue;
    add(`/${row.operator}`, row);
    add("/", row);
  }
  const province = (region: string) => (region === "unknown" ? null : "");
  const truths = new Map<string, TruthShare>([
    ...truthShares(truth, ({ region, operator }) => `${region}/${operator}`),
    ...truthShares(truth, ({ region }) => `${region}/`),
    ...truthShares(truth, ({ region, operator }) => (province(region) === null ? null : `/${operator}`)),
    ...truthShares(truth, ({ region }) => (province(region) === null ? null : "/")),
  ]);

  let largest = 0;
  const difference = (key: string): number | null => {
    const [found, real] = [ratio(sums.get(key)), truths.get(key)?.share ?? null];
    if (found === null && real === null) return null;
    return 100 * ((found ?? 0) - (real ?? 0));
  };
  const line = (name: string, region: string): string[] => {
    const all = `${region}/`;
    const cells = operators.map((operator) => {
      const key = `${region}/${operator}`;
      largest = Math.max(largest, Math.abs(difference(key) ?? 0));
      return percent(ratio(sums.get(key)));
    });
    const off = difference(all);
    largest = Math.max(largest, Math.abs(off ?? 0));
    const found = ratio(sums.get(all));
    return [
      name,
      ...cells,
      percent(found),
      paint("cyan", bar(found ?? 0, 20)),
      percent(truths.get(all)?.share ?? null),
      off === null ? "" : paint(Math.abs(off) < 0.05 ? "green" : "red", signed(off)),
    ];
  };

  const table = new Table({
    head: ["城市 City", ...operators.map((id) => OPERATORS[id] ?? id), "全部 All", "IPv6", "真值 Truth", "差 Δ pp"].map(
      (text) => paint("bold", text),
    ),
    colAligns: ["left", ...operators.map(() => "right" as const), "right", "left", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const { code, zh, en } of scenario.regions) table.push(line(`${zh} ${en}`, code));
  table.push(line("全省 Province", "").map((cell) => paint("bold", cell)));

  const elsewhere = sums.get("unknown/");
  const note = elsewhere
    ? `未登记 region unknown (the captures' exporters, tunnel endpoints): ${percent(ratio(elsewhere))} of ${elsewhere.total} bytes\n`
    : "";
  return `\n${paint("bold", "IPv6流量占比 IPv6 share of traffic")} (sum of IPv6 bytes / sum of bytes, scaled by sampling)\n${table.toString()}
largest difference from the truth of any city and operator: ${largest.toFixed(3)} pp\n${note}`;
}

function ratio(sum: Sum | undefined): number | null {
  return sum && sum.total > 0n ? Number((sum.v6 * 1_000_000_000n) / sum.total) / 1e9 : null;
}

function percent(share: number | null): string {
  return share === null ? "–" : `${(100 * share).toFixed(2)}%`;
}

/** A difference with its sign; what rounds to nothing has none. */
function signed(points: number): string {
  const text = points.toFixed(2);
  return /[1-9]/.test(text) ? (points > 0 ? `+${text}` : text) : "0.00";
}

/** The books, a row a stage, and what sequence numbers tell beside what was withheld. */
function booksText(findings: DemoFindings): string {
  const { ledger, truth } = findings;
  const paint = painter(findings);
  const { stages, sequence, balanced } = ledger.total;
  const names = {
    receive: "接收 received",
    decode: "解码 decoded",
    publish: "发布 published",
    classify: "分类 classified",
    write: "入库 written",
  };
  const table = new Table({
    head: ["账目 Books", "单位 unit", "收 in", "出 out", "持 held", "弃 dropped", "原因 reasons"].map((text) =>
      paint("bold", text),
    ),
    colAligns: ["left", "left", "right", "right", "right", "right", "left"],
    style: { head: [], border: [] },
  });
  for (const [stage, name] of Object.entries(names) as [keyof typeof names, string][]) {
    const books = stages[stage];
    if (!books) continue;
    const reasons = Object.entries(books.dropped_by_reason).map(
      ([reason, units]) => `${units} ${DROP_REASONS[reason as DropReason]?.zh ?? ""} ${reason}`,
    );
    table.push([name, books.unit, books.received, books.forwarded, books.held, books.dropped, reasons.join("\n")]);
  }
  const withheld = truth.routers.filter(({ withheld: { datagrams } }) => datagrams > 0);
  const lines = withheld.map(({ name, exporter, version, withheld: { datagrams, records } }) => {
    const own = ledger.exporters.find((books) => books.exporter === exporter);
    return `  ${name} (${exporter}): ${version === 9 ? datagrams : records} withheld on purpose, ${own?.sequence.lost ?? 0} told lost`;
  });
  return `${table.toString()}
${balanced ? paint("green", "账目相符 the books balance") : paint("red", "账目不符 the books do not balance")}; by sequence numbers ${sequence.lost} of ${sequence.expected} lost, ${sequence.reordered} reordered, ${sequence.duplicated} duplicated
${lines.length > 0 ? `${lines.join("\n")}\n` : ""}`;
}

/** What an operator of the platform should look into. */
function warningsText(findings: DemoFindings): string {
  const { exporters, truth, share } = findings;
  const paint = painter(findings);
  const nameOf = (address: string) =>
    truth.routers.find(({ exporter }) => exporter === address)?.name ?? "a capture's exporter";
  const warnings = exporters.exporters.flatMap(({ exporter, sampling_known, clock_off, clock_offset_ms }) => [
    ...(sampling_known ? [] : [`采样率未知 sampling rate unknown: ${exporter} (${nameOf(exporter)})`]),
    ...(clock_off
      ? [`时钟偏差 clock off by ${((clock_offset_ms ?? 0) / 1000).toFixed(0)} s: ${exporter} (${nameOf(exporter)})`]
      : []),
  ]);
  const unknown = share.total.unknown_sampling_bytes;
  if (unknown !== "0") warnings.push(`bytes of unknown sampling in the figures, as exported: ${unknown}`);
  return `${warnings.map((text) => `${paint("yellow", "!")} ${text}`).join("\n")}\n`;
}
