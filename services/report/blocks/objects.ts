import { api, type TemplateBlock } from "@v6meter/schemas";
import { changeCell, figureCell, textCell } from "../context.ts";
import { questions } from "../questions.ts";
import { type BlockWriter, noRows } from "./block.ts";

type Objects = Extract<TemplateBlock, { objects: unknown }>["objects"];

/** Traffic of the objects of some kinds, the largest first; those without traffic of their own are not in it. */
export const objects: BlockWriter<Objects> = {
  questions: (_, { month }) => [questions.objects(), questions.objectTraffic(month)],
  compose: ({ title, kinds }, context) => {
    const { word, month } = context;
    const path = questions.objectTraffic(month);
    const known = new Map(
      (context.answers.read(questions.objects(), api.objects)?.objects ?? []).map((it) => [it.id, it]),
    );
    const groups = (context.answers.read(path, api.objectTraffic)?.groups ?? [])
      .flatMap((group) => {
        const object = known.get(group.group);
        return object && kinds.includes(object.kind) && group.total_bytes !== "0" ? [{ ...group, object }] : [];
      })
      .sort((a, b) => Number(BigInt(b.total_bytes) - BigInt(a.total_bytes)) || (a.group < b.group ? -1 : 1));
    const heading = context.text(title);
    if (groups.length === 0) return [noRows(context, heading)];
    return [
      {
        kind: "table",
        id: `objects-${kinds[0]}`.replaceAll("_", "-"),
        title: heading,
        columns: [
          { title: word("object"), unit: "none", width: 2 },
          { title: word("kind"), unit: "none", width: 1.2 },
          { title: word("owner"), unit: "none", width: 1.6 },
          { title: word("share"), unit: "ratio", path, width: 1 },
          { title: word("month_before"), unit: "none", path, width: 1.3 },
          { title: word("bytes"), unit: "bytes", path, width: 1.2 },
          { title: word("part"), unit: "ratio", path, width: 1 },
        ],
        rows: groups.map(({ object, share, previous_share: before, total_bytes, part }) => ({
          cells: [
            textCell(context.text(object)),
            textCell(context.label("kind", object.kind)),
            textCell(object.owner),
            figureCell(share, "ratio"),
            changeCell(context, { now: share, before, unit: "ratio", good: "higher", path }),
            figureCell(Number(total_bytes), "bytes", { value: total_bytes }),
            figureCell(part, "ratio"),
          ],
        })),
      },
    ];
  },
};
