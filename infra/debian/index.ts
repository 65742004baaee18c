import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** Shared by everything of this clone, and gone with its installation. */
const CACHE = resolve(import.meta.dirname, "../../node_modules/.cache/v6meter-debian");
const FETCH_MAX_MS = 900_000;
/** Every Debian has it, and it is the C library of the programs that are fetched. */
const OF_THE_SYSTEM = ["libc6", "libc-bin"];
/** Shared libraries lie in these folders, or as deep below them. */
const LIBRARIES = ["lib", "usr/lib"];
const LIBRARIES_DEPTH = 2;

/** Debian packages, unpacked beside the system without touching it. */
export interface Unpacked {
  /** The file that the packages install as `/path`: the unpacked one, or the system's where it has the package itself. */
  file(path: string): string;
  /** The environment in which their programs find their libraries, data and fonts. */
  readonly env: NodeJS.ProcessEnv;
}

function command(program: string, args: readonly string[], cwd: string): string {
  const options = { cwd, timeout: FETCH_MAX_MS, maxBuffer: 2 ** 26 };
  return execFileSync(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] }).toString();
}

/** apt keeps its state in the folder, so nobody need be root; what the system has installed is not fetched again. */
function fetchInto(folder: string, packages: readonly string[]): void {
  const dirs = ["state/lists/partial", "cache/archives/partial", "debs", "root"];
  for (const dir of dirs) mkdirSync(join(folder, dir), { recursive: true });
  const apt = [
    "-qq",
    `-oDir::State=${join(folder, "state")}`,
    "-oDir::State::status=/var/lib/dpkg/status",
    `-oDir::Cache=${join(folder, "cache")}`,
    // A child of root's cannot write to a folder that is its own only.
    ...(process.getuid?.() === 0 ? ["-oAPT::Sandbox::User=root"] : []),
  ];
  command("apt-get", [...apt, "update"], folder);
  const plan = command("apt-get", [...apt, "install", "--simulate", "--no-install-recommends", ...packages], folder);
  const needed = [...plan.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] as string);
  const fetched = needed.filter((name) => !OF_THE_SYSTEM.includes(name.split(":")[0] as string));
  if (fetched.length > 0) command("apt-get", [...apt, "download", ...fetched], join(folder, "debs"));
  for (const file of readdirSync(join(folder, "debs"))) command("dpkg-deb", ["-x", join("debs", file), "root"], folder);
  for (const dir of ["state", "cache", "debs"]) rmSync(join(folder, dir), { recursive: true });
}

function libraryFolders(folder: string, depth: number): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  const below =
    depth === 0
      ? []
      : entries.filter((it) => it.isDirectory()).map((it) => libraryFolders(join(folder, it.name), depth - 1));
  return [...(entries.some(({ name }) => /\.so(\.|$)/.test(name)) ? [folder] : []), ...below.flat()];
}

/** A configuration of fontconfig that adds the unpacked fonts to the system's. */
function writeFontsConfig(root: string): string {
  const file = join(root, "v6meter-fonts.conf");
  const dirs = [join(root, "usr/share/fonts"), "/usr/share/fonts"].map((dir) => `<dir>${dir}</dir>`).join("");
  const include = existsSync("/etc/fonts/fonts.conf") ? "/etc/fonts/fonts.conf" : join(root, "etc/fonts/fonts.conf");
  writeFileSync(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>${dirs}<cachedir>${join(root, "fontconfig")}</cachedir><include ignore_missing="yes">${include}</include></fontconfig>\n`,
  );
  return file;
}

function environment(root: string): NodeJS.ProcessEnv {
  const libraries = LIBRARIES.flatMap((lib) => libraryFolders(join(root, lib), LIBRARIES_DEPTH));
  const paths = (first: readonly string[], others: string | undefined) => [...first, others].filter(Boolean).join(":");
  return {
    ...process.env,
    PATH: paths([join(root, "usr/bin"), join(root, "bin")], process.env.PATH),
    LD_LIBRARY_PATH: paths(libraries, process.env.LD_LIBRARY_PATH),
    XDG_DATA_DIRS: paths([join(root, "usr/share")], process.env.XDG_DATA_DIRS ?? "/usr/local/share:/usr/share"),
    ...(existsSync(join(root, "usr/share/fonts")) && { FONTCONFIG_FILE: join(root, "v6meter-fonts.conf") }),
  };
}

/**
 * Debian packages with what they depend on, fetched by apt without root at their first use on a machine and kept in
 * `node_modules/.cache`. Where that cannot be, a line says that `suite` is not run, and under CI that is an error;
 * null then.
 */
export function debianPackages(packages: readonly string[], { suite }: { readonly suite: string }): Unpacked | null {
  const key = createHash("sha256")
    .update([...packages].sort().join(" "))
    .digest("hex")
    .slice(0, 16);
  const root = join(CACHE, `${packages[0]}-${key}-${process.arch}`);
  if (!existsSync(root)) {
    mkdirSync(CACHE, { recursive: true });
    const draft = mkdtempSync(join(CACHE, "fetch-"));
    try {
      fetchInto(draft, packages);
      renameSync(join(draft, "root"), root);
    } catch (error) {
      // Another process may have been faster.
      if (!existsSync(root)) return notRun(suite, `apt cannot fetch Debian's ${packages.join(", ")}`, error);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
  if (existsSync(join(root, "usr/share/fonts"))) writeFontsConfig(root);
  return {
    file: (path) => (existsSync(join(root, path)) ? join(root, path) : join("/", path)),
    env: environment(root),
  };
}

/** Says loudly that a suite is not run, and why; an error under CI, where nothing may be left out. */
export function notRun(suite: string, reason: string, cause?: unknown): null {
  const line = `NOT RUN: ${suite}: ${reason}`;
  if (process.env.CI) throw new Error(line, { cause });
  process.stderr.write(`${line}\n`);
  return null;
}
