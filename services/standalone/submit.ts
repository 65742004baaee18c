import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { parseArgs } from "node:util";
import { api, Fault } from "@v6meter/schemas";
import { PLATFORM_OPTIONS, platformApi, platformHelp } from "./platform-api.ts";

const HELP = `v6meter submit: hands a unit's figures of a month in at a platform that runs

  v6meter submit FILE --series SERIES --month MONTH [options]

  FILE              .csv (UTF-8), .xlsx, or .json, as the template of the series
  --series SERIES   reported series
  --month MONTH     such as 2026-10, cut in Asia/Shanghai
  --unit UNIT       unit whose figures they are (that of the key)
  --draft           keep them as a draft, do not submit them
  --confirm         the warnings were read, and the figures are right
${platformHelp("the unit")}
  --data, --keys    folders, as of v6meter start; --config FILE as well

Says what is wrong, cell by cell. Ends with 1 where they were not submitted, though that was wanted.
`;

const OPTIONS = {
  series: { type: "string" },
  month: { type: "string" },
  unit: { type: "string" },
  draft: { type: "boolean", default: false },
  confirm: { type: "boolean", default: false },
  ...PLATFORM_OPTIONS,
  help: { type: "boolean", short: "h" },
} as const;

const TYPES: Readonly<Record<string, string>> = {
  ".csv": "text/csv",
  ".json": "application/json",
  ".xlsx": api.XLSX_TYPE,
};

const TIMEOUT_MS = 120_000;

function read(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message.split("\n")[0]} See --help.`, { cause });
  }
}

/** Reads the file a person named. Throws CONFIG_INVALID where it cannot be read. */
async function bytesOf(path: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `FILE: ${path} cannot be read.`, { cause });
  }
}

/** `v6meter submit FILE`: 0 where the figures are submitted, or kept where no more was wanted. */
export async function submit(args: string[]): Promise<number> {
  const { values, positionals } = read(args);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [path, ...more] = positionals;
  const type = TYPES[extname(path ?? "").toLowerCase()];
  const { series, month, unit, draft, confirm } = values;
  if (path === undefined || more.length > 0 || type === undefined || series === undefined || month === undefined)
    throw new Fault(
      "CONFIG_INVALID",
      "Allowed is one FILE of .csv, .xlsx or .json, with --series and --month. See --help.",
    );
  const { url, key } = platformApi(values);
  const query = new URLSearchParams({ series, month, state: draft ? "draft" : "submitted", confirm: String(confirm) });
  if (unit !== undefined) query.set("unit", unit);
  const at = `/api/v1/submissions?${query}`;
  const body = await bytesOf(path);
  const answer = await fetch(`${url}${at}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": type },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new Fault("CONFIG_INVALID", `--url: ${url} does not answer.`, { cause });
  });
  const text = await answer.text();
  // Loaded where it is needed: the report brings its printers.
  if (!answer.ok) throw (await import("@v6meter/report")).faultOf(at, answer.status, text);
  const kept = api.submission.parse(JSON.parse(text));
  for (const { row, column, severity, en, zh } of kept.messages) {
    const place = [path, row, column].filter((part) => part !== null).join(":");
    process.stderr.write(`${place}: ${severity}: ${en} ${zh}\n`);
  }
  process.stdout.write(
    `${kept.id} version ${kept.version} ${kept.state}: ${kept.rows} rows, ${kept.errors} errors, ${kept.warnings} warnings\n`,
  );
  if (draft || kept.state === "submitted") return 0;
  process.stderr.write(
    kept.errors > 0 ? "not submitted: hand in a mended file\n" : "not submitted: mend it, or confirm with --confirm\n",
  );
  return 1;
}
