import { access, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { api, REPORT_FORMAT_NAMES, REPORT_LANGUAGES, type ReportTemplate } from "@v6meter/schemas";
import type { Ask } from "./ask.ts";
import { compose, gather } from "./compose.ts";
import { sourceOf } from "./frozen.ts";
import { monthOf, monthsFrom } from "./month.ts";
import { render } from "./render/index.ts";

const LOOK_EVERY_MS = 3_600_000;

/** What drafts are made of and where they go. */
export interface DraftOptions {
  readonly ask: Ask;
  readonly template: ReportTemplate;
  readonly dir: string;
  readonly now?: () => number;
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Writes beside and renames, so that nobody opens half a report. */
export async function saveReport(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
}

/**
 * Writes the report of the month that ended last, in every format and language: a draft of live figures from the 1st
 * on, and one of each snapshot when it is there. What is there already is left; the files that were written.
 */
export async function writeDrafts({ ask, template, dir, now = Date.now }: DraftOptions): Promise<string[]> {
  const nowMs = now();
  const month = monthsFrom(monthOf(api.monthText(nowMs), nowMs), -1);
  const source = await sourceOf(ask, month);
  const version = source.snapshot === null ? "draft" : `v${source.snapshot.version}`;
  const files = REPORT_LANGUAGES.flatMap((lang) =>
    REPORT_FORMAT_NAMES.map((format) => ({
      lang,
      format,
      path: join(dir, `v6meter-${month.name}-${version}-${lang}.${format}`),
    })),
  );
  const missing: typeof files = [];
  for (const file of files) if (!(await isThere(file.path))) missing.push(file);
  if (missing.length === 0) return [];
  await mkdir(dir, { recursive: true });
  const gathered = await gather(source, { template, month, nowMs });
  for (const lang of REPORT_LANGUAGES) {
    const ofLanguage = missing.filter((file) => file.lang === lang);
    if (ofLanguage.length === 0) continue;
    const document = compose(gathered, lang);
    for (const { format, path } of ofLanguage) await saveReport(path, await render(document, format));
  }
  return missing.map(({ path }) => path);
}

/** Looks every hour whether a report is due; `stop` waits for the one that is being written. */
export function keepDrafts(
  options: DraftOptions,
  told: { written(files: readonly string[]): void; failed(error: unknown): void },
): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const look = () => {
    running = running
      .then(() => writeDrafts(options))
      .then((files) => {
        if (files.length > 0) told.written(files);
      }, told.failed);
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return running;
    },
  };
}
