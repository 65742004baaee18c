const TSV = "text/tab-separated-values; charset=UTF-8";
const CSV = "text/csv; charset=UTF-8";
const JSON_DOCUMENT = "application/json; charset=UTF-8";
const JSON_LINES = "application/x-ndjson; charset=UTF-8";
const PLAIN = "text/plain; charset=UTF-8";
const BYTES = "application/octet-stream";

/** Formats that carry their columns' names, or those and their types, under suffixes of their name. */
function family(names: readonly string[], mediaType: string): [string, string][] {
  return names.flatMap((name) =>
    [name, `${name}WithNames`, `${name}WithNamesAndTypes`].map((it): [string, string] => [it, mediaType]),
  );
}

function all(names: readonly string[], mediaType: string): [string, string][] {
  return names.map((name) => [name, mediaType]);
}

/**
 * Formats of answers and their media types. Formats that are missing here read a schema or a template from
 * a file (Template, Protobuf, CapnProto, Avro's registry) or speak another server's protocol.
 */
export const FORMATS: ReadonlyMap<string, string> = new Map([
  ...family(["TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "Raw"], TSV),
  ...family(["CSV"], CSV),
  ...family(["RowBinary"], BYTES),
  ...family(["JSONCompactEachRow", "JSONCompactStringsEachRow"], JSON_LINES),
  ...all(["JSON", "JSONCompact", "JSONStrings", "JSONCompactStrings", "JSONColumns"], JSON_DOCUMENT),
  ...all(["JSONColumnsWithMetadata", "JSONCompactColumns", "JSONObjectEachRow"], JSON_DOCUMENT),
  ...all(["JSONEachRow", "JSONLines", "JSONL", "NDJSON", "JSONStringsEachRow", "PrettyJSONEachRow"], JSON_LINES),
  ...all(["JSONEachRowWithProgress", "JSONCompactEachRowWithProgress"], JSON_LINES),
  ...all(["Native", "Arrow", "Parquet", "ORC", "Npy", "MsgPack", "BSONEachRow", "RawBLOB", "Null"], BYTES),
  ["ArrowStream", "application/vnd.apache.arrow.stream"],
  ["XML", "application/xml; charset=UTF-8"],
  ["Markdown", "text/markdown; charset=UTF-8"],
  ...all(["Vertical", "Values", "SQLInsert", "TSKV", "LineAsString"], PLAIN),
  ...all(["Pretty", "PrettyCompact", "PrettyCompactMonoBlock", "PrettyNoEscapes", "PrettySpace"], PLAIN),
]);

/** Media type of an answer's format. */
export function mediaTypeOf(format: string): string {
  return FORMATS.get(format) ?? BYTES;
}
