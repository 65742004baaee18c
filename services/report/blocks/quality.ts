import { api, BOOK_UNITS, type LedgerStage, STAGES, type TemplateBlock } from "@v6meter/schemas";
import { figureCell, textCell } from "../context.ts";
import { byExporter, findingsOf, qualityQuestions } from "../findings.ts";
import { grouped } from "../format.ts";
import { questions } from "../questions.ts";
import { type BlockWriter, noRows, noteLine } from "./block.ts";

type Findings = Extract<TemplateBlock, { findings: unknown }>["findings"];
type Exporters = Extract<TemplateBlock, { exporters: unknown }>["exporters"];
type Books = Extract<TemplateBlock, { books: unknown }>["books"];

/** The problems of the data. */
export const findings: BlockWriter<Findings> = {
  questions: (_, scope) => qualityQuestions(scope),
  compose: (_, context) => {
    const { word } = context;
    const found = findingsOf(context);
    if (found.length === 0) return [noteLine(word("no_findings"))];
    return [
      {
        kind: "text",
        tone: "warning",
        paragraphs: [{ text: word("findings_title") }, ...found],
      },
    ];
  },
};

/** Every exporter that was heard, with what it gave in the month. */
export const exporters: BlockWriter<Exporters> = {
  questions: (_, scope) => qualityQuestions(scope),
  compose: ({ title }, context) => {
    const { word, month } = context;
    const heading = context.text(title);
    const all = context.answers.read(questions.exporters(), api.exporters)?.exporters ?? [];
    const at = (id: string) => questions.indicator(id, month, ["exporter"]);
    const [records, loss, sampling] = ["flow_records", "export_loss", "unknown_sampling_share"].map((id) => ({
      path: at(id),
      of: byExporter(context, at(id)),
    })) as [Column, Column, Column];
    const addresses = [...new Set([...all.map(({ exporter }) => exporter), ...records.of.keys()])].sort();
    if (addresses.length === 0) return [noRows(context, heading)];
    const known = new Map(all.map((it) => [it.exporter, it]));
    return [
      {
        kind: "table",
        id: "exporters",
        title: heading,
        note: word("no_figure"),
        columns: [
          { title: word("name"), unit: "none", width: 1.5 },
          { title: word("address"), unit: "none", width: 1.4 },
          { title: word("records"), unit: "records", path: records.path, width: 1.2 },
          { title: word("loss"), unit: "ratio", path: loss.path, width: 1.1 },
          { title: word("unknown_sampling"), unit: "ratio", path: sampling.path, width: 1.1 },
          { title: word("sampling"), unit: "none", width: 1.25 },
          { title: word("clock"), unit: "none", path: questions.exporters(), width: 1 },
          { title: word("last_seen"), unit: "none", width: 1.7 },
        ],
        rows: addresses.map((exporter) => {
          const it = known.get(exporter);
          const offset = it?.clock_offset_ms ?? null;
          return {
            cells: [
              textCell(it?.name ?? ""),
              textCell(exporter),
              figureCell(records.of.get(exporter) ?? null, "records"),
              figureCell(loss.of.get(exporter) ?? null, "ratio"),
              figureCell(sampling.of.get(exporter) ?? null, "ratio"),
              textCell(it?.sampling_rates.map((rate) => `1:${rate}`).join(" ") ?? ""),
              {
                text: offset === null ? "" : grouped(offset / 1_000, 1),
                value: offset === null ? null : offset / 1_000,
                ...(it?.clock_off && { tone: "bad" as const }),
              },
              textCell(it?.last_seen_at?.slice(0, 16).replace("T", " ") ?? ""),
            ],
          };
        }),
      },
    ];
  },
};

interface Column {
  readonly path: string;
  readonly of: ReadonlyMap<string, number>;
}

/** The books of the month: received = forwarded + held + dropped at every stage. */
export const books: BlockWriter<Books> = {
  questions: (_, { month }) => [questions.books(month)],
  compose: ({ title }, context) => {
    const { word, month, lang } = context;
    const path = questions.books(month);
    const stages = Object.entries(context.answers.read(path, api.ledger)?.total.stages ?? {});
    const heading = context.text(title);
    if (stages.length === 0) return [noRows(context, heading)];
    const names = ["received", "forwarded", "held", "dropped"] as const;
    return [
      {
        kind: "table",
        id: "books",
        title: heading,
        columns: [
          { title: word("stage"), unit: "none", width: 1 },
          { title: word("counted_in"), unit: "none", width: 1 },
          ...names.map((name) => ({ title: word(name), unit: "count" as const, path, width: 1.2 })),
        ],
        rows: stages.map(([stage, it]) => ({
          cells: [
            textCell(STAGES[stage as LedgerStage][lang]),
            textCell(BOOK_UNITS[it.unit][lang]),
            ...names.map((name) => figureCell(Number(it[name]), "count", { value: it[name] })),
          ],
        })),
      },
    ];
  },
};
