import { api } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import type { Period } from "@v6meter/users";
import type { Api } from "../api.ts";
import { booksOf } from "../books.ts";
import { listParameters } from "../list-parameters.ts";
import { namedPeriod, periodText, widened } from "../period.ts";
import { ledgerQuery } from "../queries/ledger.ts";
import { exportersSeen, type OwnerOf } from "../roles.ts";

/** Everything, in the range of a DateTime column. */
const ALL_TIME: Period = { fromMs: 0, toMs: Date.UTC(2106, 0, 1) };
/** The ledger's own grain. */
const STEP_MS = 300_000;

interface LedgerQuestion {
  readonly period: Period | null;
  readonly exporter: string[];
  readonly stage: api.LedgerParameters["stage"];
  /** Exporters whose books may be shown. */
  readonly isSeen: (exporter: string) => boolean;
}

/** The books per exporter over a period, or since the beginning. */
export async function exporterLedgers(
  store: Store,
  { period, exporter, stage, isSeen }: LedgerQuestion,
): Promise<{ total: api.Books; exporters: ({ exporter: string } & api.Books)[] }> {
  const { fromMs, toMs } = period ?? ALL_TIME;
  const all = await store.query(ledgerQuery, {
    from_s: fromMs / 1_000,
    to_s: toMs / 1_000,
    exporter,
  });
  const entries = all.filter((entry) => isSeen(entry.exporter_text));
  const byExporter = Map.groupBy(entries, (entry) => entry.exporter_text);
  return {
    total: booksOf(entries, stage),
    exporters: [...byExporter].map(([name, own]) => ({ exporter: name, ...booksOf(own, stage) })),
  };
}

const STATEMENTS =
  "The answer adds these rows up by exporter, stage and outcome; held is received less what was forwarded and dropped. An operator is shown its own exporters of them.";

/** `GET /api/v1/ledger`. */
export function ledgerRoute(app: Api, store: Store, ownerOf: OwnerOf): void {
  app.get(
    "/api/v1/ledger",
    {
      config: { narrows: true, statements: STATEMENTS },
      preValidation: listParameters("exporter", "stage"),
      schema: {
        tags: ["books"],
        summary: "The books: what became of everything received",
        description: `At every stage, per exporter: received = forwarded + held + dropped by reason. What sequence numbers tell (expected,
lost, reordered, duplicated) stands beside it. Without a period: since the beginning. A period is
widened to whole 5 minutes; over it \`held\` is the change
of what is held, and the identity holds as well. An operator sees the books of its own exporters by the registry, and their\ntotal.`,
        querystring: api.ledgerParameters,
        response: { 200: api.ledger },
      },
    },
    async (request): Promise<api.Ledger> => {
      const { exporter, stage } = request.query;
      const isSeen = exportersSeen(request, ownerOf, exporter);
      const named = namedPeriod(request.query, Date.now());
      const period = named && widened(named, STEP_MS);
      return {
        period: period && periodText(period),
        ...(await exporterLedgers(store, { period, exporter, stage, isSeen })),
      };
    },
  );
}
