import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Api } from "../api.ts";

const gzipped = promisify(gzip);

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Nothing from elsewhere, nothing inline: charts draw on a canvas, styles are files or set by script. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The empty page that a report's preview is written into: styles in it, no script, only framed by the console. */
const PREVIEW = "preview.html";
const PREVIEW_HEADERS = {
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin",
  "x-frame-options": "SAMEORIGIN",
};

const PAGE = "index.html";
const NOT_BUILT =
  "The console is not built: run npm run build in the folder of v6meter; the API and its description at /docs answer without it.\n";

interface ConsoleFile {
  readonly body: Buffer;
  readonly type: string;
  compressed?: Promise<Buffer>;
}

function filesOf(folder: string): Map<string, ConsoleFile> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    paths.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = relative(folder, path).split(sep).join("/");
      const type = TYPES[extname(name)] ?? "application/octet-stream";
      return [name, { body: readFileSync(path), type }];
    }),
  );
}

/**
 * The console's pages under `/console/`, from a folder that `vite build` made: read once, files of the build by their
 * hashed names for good, every other address the page itself, whose router reads it. `/` leads there.
 */
export function consoleRoutes(app: Api, folder: string | null): void {
  const files = folder !== null && existsSync(join(folder, PAGE)) ? filesOf(folder) : null;
  const page = files?.get(PAGE);

  app.get("/", { schema: { hide: true } }, async (_request, reply) =>
    page ? reply.redirect("/console/") : reply.type("text/plain; charset=utf-8").send(NOT_BUILT),
  );

  app.get("/console/*", { schema: { hide: true } }, async (request, reply) => {
    if (!files || !page) return reply.type("text/plain; charset=utf-8").send(NOT_BUILT);
    const name = (request.params as { "*": string })["*"];
    const asset = name.startsWith("assets/");
    const file = files.get(name) ?? (asset ? undefined : page);
    if (!file) return reply.callNotFound();
    reply.headers({
      "content-type": file.type,
      "content-security-policy": POLICY,
      "cache-control": asset ? "public, max-age=31536000, immutable" : "no-cache",
      vary: "accept-encoding",
      ...(name === PREVIEW && PREVIEW_HEADERS),
    });
    if (!/\bgzip\b/.test(request.headers["accept-encoding"] ?? "")) return reply.send(file.body);
    file.compressed ??= gzipped(file.body);
    return reply.header("content-encoding", "gzip").send(await file.compressed);
  });
}
