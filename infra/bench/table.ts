import type { HighestRate } from "./highest-rate.ts";
import { machineText } from "./machine.ts";
import { OURS, type Outcome, type Results } from "./outcome.ts";
import { type Spread, spreadOf } from "./rounds.ts";

function spread({ median, min, max }: Spread, digits: number): string {
  const text = (value: number) => value.toFixed(digits);
  return min === max ? text(median) : `${text(median)} (${text(min)}–${text(max)})`;
}

function medianCpu({ rounds }: Outcome): number {
  return spreadOf(rounds.map(({ cpuSPerMillion }) => cpuSPerMillion)).median;
}

/** The rate as thousands, at least so many where the sender was at its end. */
export function rateText(found: HighestRate | null): string {
  if (found === null) return "–";
  if (found.recordsPerS === null) return "none";
  return `${found.bySender ? "≥ " : ""}${Math.floor(found.recordsPerS / 1_000)} k`;
}

function row(outcome: Outcome, ours: Outcome | undefined): string {
  const { mix, way, tool, rounds, highest } = outcome;
  const cpu = spreadOf(rounds.map(({ cpuSPerMillion }) => cpuSPerMillion));
  const memory = spreadOf(rounds.map(({ peakRssBytes }) => peakRssBytes / 1_000_000));
  const ratio = ours ? (cpu.median / medianCpu(ours)).toFixed(2) : "–";
  const sent = rounds.reduce((sum, it) => sum + it.sent, 0);
  const lost = sent - rounds.reduce((sum, it) => sum + it.delivered, 0);
  const lostText = lost === 0 ? "0" : `${lost} of ${sent}`;
  return `| ${[mix, way, tool, spread(cpu, 2), ratio, spread(memory, 0), lostText, rateText(highest)].join(" | ")} |`;
}

/** A run as tables of Markdown, with the machine, what each tool writes and who is missing. */
export function markdown({ started, ended, options, tools, missing, outcomes }: Results): string {
  const { rounds, records, ratePerS, seed } = options;
  const rows = outcomes
    .filter((it) => it.rounds.length > 0)
    .map((it) => {
      const ours = outcomes.find(({ tool, mix, way }) => tool === OURS && mix === it.mix && way === it.way);
      return row(it, ours);
    });
  const written = tools.flatMap(({ name, version, writes }) =>
    Object.entries(writes).map(([way, says]) => `| ${name} ${version} | ${way} | ${says} |`),
  );
  return `${[
    `${started.at.slice(0, 16)}Z, commit ${started.commit || "unknown"}: ${machineText(started)}; ` +
      `load average ${started.loadAverage.toFixed(2)} at the start, ` +
      `${ended.loadAverage.toFixed(2)} at the end. Seed ${seed}, ${rounds} rounds of ${records} records at ${ratePerS} records/s.`,
    "",
    "| mix | to | tool | CPU-s per million records | times v6meter's | peak memory, MB | records lost | highest records/s without a loss |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
    "| tool | to | what it writes there, and how that is counted |",
    "| --- | --- | --- |",
    ...written,
    ...(missing.length > 0 ? ["", ...missing.map(({ name, missing: why }) => `${name}: missing: ${why}.`)] : []),
  ].join("\n")}\n`;
}
