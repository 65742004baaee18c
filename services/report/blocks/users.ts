import { api, NO_FIGURE, type ReportCell, type ReportTable, type TemplateBlock } from "@v6meter/schemas";
import { type Context, figureCell, textCell } from "../context.ts";
import { type FigureUnit, figureText } from "../format.ts";
import { questions } from "../questions.ts";
import type { Word } from "../words.ts";
import { type BlockWriter, noRows } from "./block.ts";

type Users = Extract<TemplateBlock, { users: unknown }>["users"];
type UserMeters = Extract<TemplateBlock, { user_meters: unknown }>["user_meters"];
type Figures = api.ActiveUsers["total"];

/** Active connections by groupings: never without method, coverage and interval. */
export const users: BlockWriter<Users> = {
  questions: ({ by }, { month }) => [questions.activeUsers(month, by)],
  compose: ({ title, by }, context) => {
    const { word } = context;
    const path = questions.activeUsers(context.month, by);
    const answer = context.answers.read(path, api.activeUsers);
    const heading = context.text(title);
    if (!answer || answer.rows.length === 0) return [noRows(context, heading)];
    const rows = [...answer.rows].sort(
      (a, b) => by.map((name) => orderOf(a[name], b[name])).find((order) => order !== 0) ?? 0,
    );
    const suppressed = [answer.total, ...rows].some((row) => row.suppressed);
    const table: ReportTable = {
      kind: "table",
      id: `users-by-${by.join("-")}`,
      title: heading,
      note: `${word("users_note")}${suppressed ? word("suppressed_note") : ""}`,
      columns: [
        ...by.map((name) => ({ title: word(name), unit: "none" as const, width: 1.3 })),
        { title: word("users"), unit: "connections", path, width: 1.4 },
        { title: word("low"), unit: "connections", path, width: 1.05 },
        { title: word("high"), unit: "connections", path, width: 1.05 },
        { title: word("method"), unit: "none", width: 1.2 },
        { title: word("coverage"), unit: "ratio", path, width: 1 },
        { title: word("prefixes"), unit: "prefixes", path, width: 1.1 },
      ],
      rows: [
        ...rows.map((row) => ({
          cells: [...by.map((name) => textCell(context.label(name, row[name] ?? "unknown"))), ...cellsOf(context, row)],
        })),
        {
          cells: [...by.map((_, at) => textCell(at === 0 ? word("total") : "")), ...cellsOf(context, answer.total)],
        },
      ],
    };
    return [table];
  },
};

const orderOf = (a = "unknown", b = "unknown") =>
  a === b ? 0 : Number(a === "unknown") - Number(b === "unknown") || (a < b ? -1 : 1);

function cellsOf(context: Context, row: Figures): ReportCell[] {
  const { word } = context;
  const method = textCell(word(`method_${row.method}`));
  if (row.suppressed)
    return [textCell(word("suppressed")), textCell(""), textCell(""), method, textCell(""), textCell("")];
  return [
    figureCell(row.users, "connections"),
    figureCell(row.low, "connections"),
    figureCell(row.high, "connections"),
    method,
    figureCell(row.coverage, "ratio"),
    figureCell(row.active_prefixes, "prefixes"),
  ];
}

interface Meter {
  readonly name: Word;
  readonly meter: string;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly unit: FigureUnit;
  readonly suppressed: boolean;
}

const METERS = ["assigned", "dual-stack", "private-ipv4", "home-routers", "preference", "retention"] as const;

/** Assignment, dual stack, private addresses, home routers, preference and retention, a line each. */
export const userMeters: BlockWriter<UserMeters> = {
  questions: (_, { month }) => METERS.map((meter) => questions.usersMeter(meter, month)),
  compose: ({ title }, context) => {
    const { word, month } = context;
    const heading = context.text(title);
    const meters = metersOf(context);
    if (meters.every(({ value, suppressed }) => value === null && !suppressed)) return [noRows(context, heading)];
    const interval = ({ low, high, unit }: Meter) =>
      low === null && high === null ? NO_FIGURE : `${figureText(low, unit)} – ${figureText(high, unit)}`;
    return [
      {
        kind: "table",
        id: "user-meters",
        title: heading,
        columns: [
          { title: word("indicator"), unit: "none", width: 2.6 },
          { title: word("value"), unit: "none", width: 1.2 },
          { title: word("interval"), unit: "none", width: 2 },
        ],
        rows: meters.map((it) => ({
          path: questions.usersMeter(it.meter, month),
          cells: [
            textCell(word(it.name)),
            it.suppressed ? textCell(word("suppressed")) : figureCell(it.value, it.unit),
            textCell(it.suppressed ? "" : interval(it)),
          ],
        })),
      },
    ];
  },
};

function metersOf({ answers, month }: Context): Meter[] {
  const read = <S extends Parameters<typeof answers.read>[1]>(meter: (typeof METERS)[number], schema: S) =>
    answers.read(questions.usersMeter(meter, month), schema);
  const assigned = read("assigned", api.assignedUsers)?.total;
  const dual = read("dual-stack", api.dualStackUsers)?.total;
  const privates = read("private-ipv4", api.privateIpv4Users)?.total;
  const routers = read("home-routers", api.homeRouters)?.total;
  const preference = read("preference", api.preference)?.total;
  const retention = read("retention", api.retention)?.total;
  const count = (name: Word, meter: string, it: api.UsersEstimate | undefined, suppressed = false): Meter => ({
    name,
    meter,
    value: it?.users ?? null,
    low: it?.low ?? null,
    high: it?.high ?? null,
    unit: "connections",
    suppressed,
  });
  const part = (name: Word, meter: string, it: Partial<api.PanelPart> | undefined, suppressed = false): Meter => ({
    name,
    meter,
    value: it?.value ?? null,
    low: it?.low ?? null,
    high: it?.high ?? null,
    unit: "ratio",
    suppressed,
  });
  return [
    count("assigned", "assigned", assigned, assigned?.suppressed),
    count("dual_stack_assigned", "dual-stack", dual?.assigned, dual?.suppressed),
    count("dual_stack_active", "dual-stack", dual?.active, dual?.suppressed),
    count("private_only", "private-ipv4", privates?.only, privates?.suppressed),
    part("private_share", "private-ipv4", { value: privates?.private_share ?? null }, privates?.suppressed),
    part("home_router_share", "home-routers", { value: routers?.share ?? null }, routers?.suppressed),
    part("v6_preference", "preference", { value: preference?.v6_share ?? null }, preference?.suppressed),
    part("preferring_v4", "preference", preference?.preferring_v4, preference?.suppressed),
    part("retained", "retention", retention?.retained, retention?.suppressed),
  ];
}
