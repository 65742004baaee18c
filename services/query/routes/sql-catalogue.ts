import type { Identity } from "@v6meter/identity";
import { api, FIELDS, type QueryConfig } from "@v6meter/schemas";
import { listAnalysisQuestions, listAnalystViews } from "@v6meter/sql";
import type { RawLimits, Store } from "@v6meter/store";
import { z } from "zod";
import type { Api } from "../api.ts";

type View = api.SqlCatalogue["views"][number];

/** Of a column that is a field of flow records, what the field table says. */
const docOf = (name: string) => (Object.hasOwn(FIELDS, name) ? FIELDS[name as keyof typeof FIELDS].doc : "");

/** The analysts' views as the engine describes them; they do not change while a process runs. */
async function describeViews(store: Store, limits: RawLimits): Promise<{ database: string; views: View[] }> {
  const ask = async (statement: string) => (await store.raw(statement, limits, { sight: "analyst" })).rows;
  const [[database] = []] = await ask("SELECT currentDatabase()");
  const views: View[] = [];
  for (const { name } of listAnalystViews()) {
    const columns = (await ask(`DESCRIBE ${name}`)).map(([column, type]) => ({
      name: String(column),
      type: String(type),
      doc: docOf(String(column)),
    }));
    views.push({ name, columns });
  }
  return { database: String(database), views };
}

/** `GET /api/v1/sql/catalogue`: views, columns and questions to start from. */
export function sqlCatalogueRoute(app: Api, { store, config }: { store: Store; config: QueryConfig }): void {
  const limits = {
    maxExecutionS: config.sql_max_execution_s,
    maxRows: config.sql_max_rows,
    maxMemoryBytes: config.sql_max_memory_bytes,
  };
  const questions = listAnalysisQuestions();
  let described: ReturnType<typeof describeViews> | undefined;
  app.get(
    "/api/v1/sql/catalogue",
    {
      schema: {
        tags: ["sql"],
        summary: "What a statement may read",
        description: "The analysts' views with their columns, and questions to start from, for editors and completion.",
        querystring: z.strictObject({}),
        response: { 200: api.sqlCatalogue },
      },
    },
    async (request): Promise<api.SqlCatalogue> => {
      const { raw } = request.identity as Identity;
      described ??= describeViews(store, limits);
      // What failed is asked again by the next one.
      described.catch(() => {
        described = undefined;
      });
      const offered = questions.filter((it) => raw || !it.raw);
      return {
        ...(await described),
        raw,
        questions: offered.map(({ name, zh, en, statement }) => ({ name, zh, en, statement })),
      };
    },
  );
}
