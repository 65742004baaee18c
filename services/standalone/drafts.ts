import type { QueryService } from "@v6meter/query";
import { faultOf, keepDrafts, loadTemplate } from "@v6meter/report";
import type { Logger } from "@v6meter/runtime";
import type { Config } from "@v6meter/schemas";

/** Writes drafts of the monthly report where the settings name a folder, asking the API of this process. */
export function startDrafts(
  parts: AsyncDisposableStack,
  { config, query, adminKey, logger }: { config: Config; query: QueryService; adminKey: string; logger: Logger },
): void {
  const { drafts_dir: dir, template_file } = config.report;
  if (dir === null) return;
  const ask = async (path: string) => {
    const answer = await query.app.inject({ url: path, headers: { authorization: `Bearer ${adminKey}` } });
    if (answer.statusCode !== 200) throw faultOf(path, answer.statusCode, answer.body);
    return answer.json();
  };
  const drafts = keepDrafts(
    { ask, template: loadTemplate(template_file), dir },
    {
      written: (files) => logger.info({ files: files.length, dir }, "the monthly report was written"),
      failed: (err) => logger.error({ err }, "the monthly report could not be written; it is tried again in an hour"),
    },
  );
  parts.defer(() => drafts.stop());
}
