import { styleText } from "node:util";
import {
  ACCESS_TYPES,
  type AccessType,
  type api,
  DROP_REASONS,
  type DropReason,
  type PopulationScenario,
} from "@v6meter/schemas";
import Table from "cli-table3";
import type { PopulationTruth, PopulationUsers } from "../population/truth.ts";
import { bar } from "./bar.ts";

/** What the report is made of: the platform's answers and the truth. */
export interface DemoFindings {
  readonly scenario: PopulationScenario;
  readonly truth: PopulationTruth;
  readonly share: api.TrafficShare;
  /** Of the month, by access. */
  readonly users: api.ActiveUsers;
  readonly ledger: api.Ledger;
  readonly exporters: api.Exporters;
  /** Colour is used where it is a terminal and NO_COLOR is not set. */
  readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

const OPERATORS: Readonly<Record<string, string>> = {
  telecom: "电信 Telecom",
  unicom: "联通 Unicom",
  mobile: "移动 Mobile",
  broadnet: "广电 Broadnet",
};

/** More addresses than these are not listed. */
const NAMED_MAX = 8;

interface Sum {
  v6: bigint;
  total: bigint;
}

/** The whole report as text: shares, users, books, warnings. */
export function demoReport(findings: DemoFindings): string {
  return [sharesText(findings), usersText(findings), booksText(findings), warningsText(findings)].join("\n");
}

function painter({ out }: DemoFindings): (format: Parameters<typeof styleText>[0], text: string) => string {
  return (format, text) =>
    out.isTTY === true && !process.env.NO_COLOR ? styleText(format, text, { validateStream: false }) : text;
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
  const truths = new Map<string, Sum>();
  for (const { region, operator, bytes } of ofMonth(truth)) {
    for (const key of [`${region}/${operator}`, `${region}/`, `/${operator}`, "/"]) {
      const sum = truths.get(key) ?? { v6: 0n, total: 0n };
      const v6 = BigInt(Math.round(bytes.v6_native + bytes.v6_transition));
      sum.v6 += v6;
      sum.total += v6 + BigInt(Math.round(bytes.v4));
      truths.set(key, sum);
    }
  }

  let largest = 0;
  const difference = (key: string): number | null => {
    const [found, real] = [ratio(sums.get(key)), ratio(truths.get(key))];
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
      percent(ratio(truths.get(all))),
      off === null ? "" : signed(off),
      paint("cyan", bar(found ?? 0, 15)),
    ];
  };

  const table = plainTable(
    ["城市 City", ...operators.map((id) => OPERATORS[id] ?? id), "全部 All", "真值 Truth", "差 pp", ""].map((text) =>
      paint("bold", text),
    ),
    ["left", ...operators.map(() => "right" as const), "right", "right", "right", "left"],
  );
  for (const { code, zh, en } of scenario.regions) table.push(line(`${zh} ${en}`, code));
  table.push(line("全省 Province", "").map((cell) => paint("bold", cell)));

  return `
${paint("bold", "IPv6流量占比 IPv6 share of traffic")} (sum of IPv6 bytes / sum of bytes, scaled by sampling)
${table.toString()}
largest difference from the truth in any city and operator: ${largest.toFixed(3)} pp
${elsewhereText(share)}
`;
}

/** What was so in the month; a day that is played compressed is one. */
function ofMonth({ users }: PopulationTruth): readonly PopulationUsers[] {
  return users.filter(({ period }) => period === "month");
}

/** Active connections by access, beside the truth and beside the prefixes that would have been counted without sessions. */
function usersText(findings: DemoFindings): string {
  const { truth, users } = findings;
  const paint = painter(findings);
  const table = plainTable(
    ["接入 Access", "用户 Users", "区间 interval", "真值 Truth", "差 %", "AAA覆盖 coverage", "活跃前缀 prefixes"].map(
      (text) => paint("bold", text),
    ),
    ["left", "right", "right", "right", "right", "right", "right"],
  );
  const line = (name: string, row: api.ActiveUsers["total"], real: number) => [
    name,
    row.users ?? "–",
    row.low === null ? "–" : `${row.low}–${row.high ?? ""}`,
    real,
    row.users === null || real === 0 ? "" : signed((100 * (row.users - real)) / real),
    percent(row.coverage),
    row.active_prefixes ?? "–",
  ];
  const active = (rows: readonly PopulationUsers[]) => rows.reduce((sum, { active_v6 }) => sum + active_v6, 0);
  for (const row of users.rows) {
    const access = row.access as AccessType;
    const real = active(ofMonth(truth).filter((it) => it.access === access));
    table.push(line(`${ACCESS_TYPES[access].zh} ${access}`, row, real));
  }
  table.push(line("全部 All", users.total, active(ofMonth(truth))).map((cell) => paint("bold", String(cell))));
  return `${paint("bold", "IPv6活跃连接数 Active connections on IPv6")} (subscribers who sent something of their own, told by RADIUS accounting)
${table.toString()}
`;
}

/** Rows of no city: exporters that are not registered, tunnel endpoints, special addresses. */
function elsewhereText({ rows }: api.TrafficShare): string {
  const sum = { records: 0n, bytes: 0n, excluded: 0n };
  for (const { region, records, total_bytes, excluded_bytes } of rows) {
    if (region !== "unknown") continue;
    sum.records += BigInt(records);
    sum.bytes += BigInt(total_bytes);
    sum.excluded += BigInt(excluded_bytes);
  }
  return `未登记 of no city (captures, tunnel endpoints, special addresses): ${sum.records} records, ${sum.bytes} bytes, ${sum.excluded} more excluded`;
}

/** A table without lines between its rows: the text of both languages keeps its columns (East Asian width). */
function plainTable(head: string[], colAligns: ("left" | "right")[]): Table.Table {
  const between = { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" };
  const ends = { left: "", right: "", "top-left": "─", "top-right": "─", "bottom-left": "─", "bottom-right": "─" };
  const lines = { middle: " ", "top-mid": "─", "bottom-mid": "─" };
  return new Table({
    head,
    colAligns,
    chars: { ...between, ...ends, ...lines },
    style: { head: [], border: [], "padding-left": 1, "padding-right": 0 },
  });
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
  const table = plainTable(
    ["账目 Books", "单位 unit", "收 in", "出 out", "持 held", "弃 dropped", "原因 reasons"].map((text) =>
      paint("bold", text),
    ),
    ["left", "left", "right", "right", "right", "right", "left"],
  );
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
  const named = (addresses: string[]): string => {
    const routers = truth.routers.filter(({ exporter }) => addresses.includes(exporter));
    const others = addresses.filter((address) => !routers.some(({ exporter }) => exporter === address));
    return [
      ...routers.map(({ name, exporter }) => `${name} (${exporter})`),
      ...(others.length > 0
        ? [
            `${others.length} of the captures' (${others.slice(0, NAMED_MAX).join(", ")}${others.length > NAMED_MAX ? ", …" : ""})`,
          ]
        : []),
    ].join("; ");
  };
  const silent = exporters.exporters.filter(({ sampling_known }) => !sampling_known).map(({ exporter }) => exporter);
  const warnings = exporters.exporters
    .filter(({ clock_off }) => clock_off)
    .map(
      ({ exporter, clock_offset_ms }) =>
        `时钟偏差 clock off by ${Math.round((clock_offset_ms ?? 0) / 1000)} s: ${named([exporter])}`,
    );
  if (silent.length > 0) warnings.push(`采样率未知 sampling rate unknown: ${named(silent)}`);
  const unknown = share.total.unknown_sampling_bytes;
  if (unknown !== "0") warnings.push(`… and so ${unknown} bytes are in the figures as exported, not scaled`);
  return `${warnings.map((text) => `${paint("yellow", "!")} ${text}`).join("\n")}\n`;
}
