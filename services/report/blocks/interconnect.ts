import { api, type ReportTable, type TemplateBlock } from "@v6meter/schemas";
import { type Context, figureCell, textCell } from "../context.ts";
import { figureText } from "../format.ts";
import { questions } from "../questions.ts";
import { type BlockWriter, noteLine } from "./block.ts";

type Interconnect = Extract<TemplateBlock, { interconnect: unknown }>["interconnect"];
type Figures = api.TrafficInterconnect["total"];

const UNKNOWN = "unknown";

/** Figures of rows together; the share is one of sums. */
function summed(rows: readonly Figures[]): { bytes: bigint; share: number | null } {
  const sum = (which: "v6_bytes" | "total_bytes") => rows.reduce((all, row) => all + BigInt(row[which]), 0n);
  const bytes = sum("total_bytes");
  return { bytes, share: bytes === 0n ? null : Number(sum("v6_bytes")) / Number(bytes) };
}

/** What operators sent each other at direct-connect points: a table of bytes and one of shares, rows send. */
export const interconnect: BlockWriter<Interconnect> = {
  questions: (_, { month }) => [
    questions.interconnect(month),
    questions.indicator("traffic_volume", month, ["observation_point"]),
  ],
  compose: ({ title: both }, context) => {
    const { word, month, answers } = context;
    const title = context.text(both);
    const path = questions.interconnect(month);
    const answer = answers.read(path, api.trafficInterconnect);
    if (answer === null) return [noteLine(word("not_kept", { title }))];
    if (answer.rows.length === 0) return [noteLine(word("interconnect_none", { title }))];
    const meteredPath = questions.indicator("traffic_volume", month, ["observation_point"]);
    const points = answers.read(meteredPath, api.indicatorFigures)?.rows ?? [];
    const metered = points.find((it) => it.observation_point === "interconnect")?.value ?? null;
    const paired = summed(answer.rows.filter((it) => it.from_operator !== UNKNOWN && it.to_operator !== UNKNOWN)).bytes;
    const note = word("interconnect_note", {
      metered: figureText(metered, "bytes"),
      paired: figureText(Number(paired), "bytes"),
    });
    const table = (what: "bytes" | "share"): ReportTable => matrix(context, answer, { title, what, path });
    return [table("bytes"), { ...table("share"), note }];
  },
};

function matrix(
  context: Context,
  { rows, total }: api.TrafficInterconnect,
  { title, what, path }: { title: string; what: "bytes" | "share"; path: string },
): ReportTable {
  const { word } = context;
  const last = (a: string, b: string) => Number(a === UNKNOWN) - Number(b === UNKNOWN) || (a < b ? -1 : 1);
  const codes = [...new Set(rows.flatMap((it) => [it.from_operator, it.to_operator]))].sort(last);
  const unit = what === "bytes" ? "bytes" : "ratio";
  const greatest = rows.reduce((most, it) => Math.max(most, Number(it.total_bytes)), 0);
  const pair = (found: Figures | undefined) => {
    if (found === undefined) return figureCell(null, unit);
    if (what === "share") return figureCell(found.share, unit, found.share === null ? {} : { shade: found.share });
    const bytes = Number(found.total_bytes);
    return figureCell(bytes, unit, { value: found.total_bytes, shade: greatest === 0 ? 0 : bytes / greatest });
  };
  // Sums of a side are made of the pairs, which the column's question gives again.
  const side = (which: "from_operator" | "to_operator", code: string) => {
    const { bytes, share } = summed(rows.filter((it) => it[which] === code));
    return what === "bytes" ? figureCell(Number(bytes), unit, { value: String(bytes) }) : figureCell(share, unit);
  };
  return {
    kind: "table",
    id: `interconnect-${what}`,
    title: word(what === "bytes" ? "interconnect_bytes" : "interconnect_share", { title }),
    columns: [
      { title: word("from_to"), unit: "none", width: 1.3 },
      ...codes.map((code) => ({ title: context.label("operator", code), unit, path, width: 1 }) as const),
      { title: word("sum_of_sides"), unit, path, width: 1 },
    ],
    rows: [
      ...codes.map((from) => ({
        cells: [
          textCell(context.label("operator", from)),
          ...codes.map((to) => pair(rows.find((it) => it.from_operator === from && it.to_operator === to))),
          side("from_operator", from),
        ],
      })),
      {
        cells: [
          textCell(word("sum_of_sides")),
          ...codes.map((to) => side("to_operator", to)),
          what === "bytes"
            ? figureCell(Number(total.total_bytes), unit, { value: total.total_bytes })
            : figureCell(total.share, unit),
        ],
      },
    ],
  };
}
