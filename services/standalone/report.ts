import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { askUrl, compose, gather, loadTemplate, monthOf, render, saveReport, sourceOf } from "@v6meter/report";
import { Fault, REPORT_FORMAT_NAMES, REPORT_LANGUAGES, type ReportFormat, type ReportLanguage } from "@v6meter/schemas";
import { PLATFORM_OPTIONS, platformApi, platformHelp } from "./platform-api.ts";

const BAR_WIDTH = 30;

const HELP = `v6meter report: the monthly report, from the figures of a platform that runs

  v6meter report MONTH [options]

  MONTH             such as 2026-10, cut in Asia/Shanghai
  --lang LIST       ${REPORT_LANGUAGES.join(", ")} (zh)
  --format LIST     ${REPORT_FORMAT_NAMES.join(", ")}, or all (all)
  --out DIR         folder the files are written into (.)
${platformHelp("an administrator or regulator")}
  --snapshot ID     a frozen state of the month (the newest one, where the month has any)
  --template FILE   sections, tables and sentences in place of the built-in ones
  --data, --keys    folders, as of v6meter start; --config FILE as well
`;

const OPTIONS = {
  lang: { type: "string", default: "zh" },
  format: { type: "string", default: "all" },
  out: { type: "string", default: "." },
  snapshot: { type: "string" },
  template: { type: "string" },
  ...PLATFORM_OPTIONS,
  help: { type: "boolean", short: "h" },
} as const;

function read(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message.split("\n")[0]} See --help.`, { cause });
  }
}

/** The words of a list, each of them one that is allowed. */
function words<T extends string>(option: string, text: string, allowed: readonly T[]): T[] {
  const found = text.split(",");
  const wrong = found.find((word) => !allowed.includes(word as T));
  if (wrong !== undefined)
    throw new Fault("CONFIG_INVALID", `--${option}: found ${wrong || "nothing"}, allowed is ${allowed.join(", ")}.`);
  return [...new Set(found)] as T[];
}

/** Says on a terminal how far it is; a log gets a line at the end only. */
function progress(stream: NodeJS.WriteStream) {
  return (done: number, total: number) => {
    if (stream.isTTY) {
      const filled = Math.round((done / total) * BAR_WIDTH);
      stream.write(`\r[${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)}] ${done}/${total} `);
      if (done === total) stream.write("\n");
    } else if (done === total) stream.write(`${total} questions answered\n`);
  };
}

/** `v6meter report MONTH`. */
export async function report(args: string[]): Promise<number> {
  const { values, positionals } = read(args);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0)
    throw new Fault("CONFIG_INVALID", `Found ${positionals.join(" ") || "nothing"}, allowed is one month. See --help.`);
  const nowMs = Date.now();
  const month = monthOf(name, nowMs);
  const languages: ReportLanguage[] = words("lang", values.lang, REPORT_LANGUAGES);
  const formats: ReportFormat[] =
    values.format === "all" ? [...REPORT_FORMAT_NAMES] : words("format", values.format, REPORT_FORMAT_NAMES);
  const template = loadTemplate(values.template ?? null);
  const { url, key } = platformApi(values);
  const ask = askUrl(url, key);
  await mkdir(values.out, { recursive: true });
  const source = await sourceOf(ask, month, values.snapshot);
  const gathered = await gather(source, {
    template,
    month,
    nowMs,
    onProgress: progress(process.stderr),
  });
  for (const lang of languages) {
    const document = compose(gathered, lang);
    if (lang === languages[0]) for (const notice of document.notices) process.stderr.write(`! ${notice}\n`);
    for (const format of formats) {
      const path = join(values.out, `v6meter-${month.name}-${lang}.${format}`);
      await saveReport(path, await render(document, format));
      process.stdout.write(`${path}\n`);
    }
  }
  return 0;
}
