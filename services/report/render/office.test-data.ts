import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { debianPackages } from "@v6meter/debian";

const run = promisify(execFile);
const TIMEOUT_MS = 120_000;
/** LibreOffice ends so where it wants to be started once more, with its profile made. */
const START_AGAIN = 81;

/** Office programs that know nothing of what wrote a file. */
export interface Office {
  /** LibreOffice's own reading of a document, in another of its formats. */
  convert(bytes: Uint8Array, from: string, to: string): Promise<Buffer>;
  /** Poppler's text of a PDF, laid out as on its pages. */
  pdfText(pdf: Uint8Array): Promise<string>;
  /** What poppler's pdfinfo and pdffonts say of a PDF. */
  pdfFacts(pdf: Uint8Array): Promise<string>;
  close(): void;
}

/** LibreOffice and poppler, fetched from Debian; null where they cannot be, which is said, and an error under CI. */
export function fetchedOffice(): Office | null {
  const packages = ["libreoffice-writer-nogui", "libreoffice-calc-nogui", "poppler-utils", "fonts-noto-cjk"];
  const unpacked = debianPackages(packages, { suite: "the monthly report opened by LibreOffice and poppler" });
  if (!unpacked) return null;
  const folder = mkdtempSync(join(tmpdir(), "v6meter-office-"));
  const { env } = unpacked;
  const home = unpacked.file("usr/lib/libreoffice");
  const profile = pathToFileURL(join(folder, "profile")).href;
  const registry = `${pathToFileURL(home).href}/share/.registry`;
  const libraries = [join(home, "program"), env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  // Debian's build knows only /usr/lib and /etc; it is told where it lies.
  const places = [
    `-env:UserInstallation=${profile}`,
    `-env:BRAND_BASE_DIR=${pathToFileURL(home).href}`,
    `-env:CONFIGURATION_LAYERS=xcsxcu:${registry} res:${registry} user:!${profile}/user/registrymodifications.xcu`,
  ];
  const soffice = (args: string[]) =>
    run(join(home, "program/soffice.bin"), ["--headless", ...places, ...args], {
      env: { ...env, HOME: folder, LD_LIBRARY_PATH: libraries },
      timeout: TIMEOUT_MS,
    });
  let files = 0;
  const kept = (bytes: Uint8Array, extension: string) => {
    const path = join(folder, `${++files}.${extension}`);
    writeFileSync(path, bytes);
    return path;
  };
  const poppler = async (program: string, args: string[]) =>
    (await run(unpacked.file(`usr/bin/${program}`), args, { env, timeout: TIMEOUT_MS, maxBuffer: 2 ** 26 })).stdout;
  return {
    async convert(bytes, from, to) {
      const path = kept(bytes, from);
      const args = ["--convert-to", to, "--outdir", folder, path];
      await soffice(args).catch((error: { code?: unknown }) => {
        if (error.code !== START_AGAIN) throw error;
        return soffice(args);
      });
      return readFileSync(path.replace(/[^.]+$/, to.split(":")[0] as string));
    },
    pdfText: (pdf) => poppler("pdftotext", ["-layout", kept(pdf, "pdf"), "-"]),
    async pdfFacts(pdf) {
      const path = kept(pdf, "pdf");
      return `${await poppler("pdfinfo", [path])}\n${await poppler("pdffonts", [path])}`;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
