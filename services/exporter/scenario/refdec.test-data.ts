import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pcapFile } from "../encode/pcap-file.ts";

const REFDEC = join(import.meta.dirname, "../../../../shared/captures/tools/refdec.py");

/** Whether the literal decoder of ../shared and the Python it runs on are there; said where they are not, and an error under CI. */
export const refdecIsThere: boolean = (() => {
  try {
    execFileSync("python3", ["--version"], { stdio: "ignore" });
    return existsSync(REFDEC);
  } catch {
    return false;
  }
})();
if (!refdecIsThere) {
  const line = "NOT RUN: python3 or ../shared/captures/tools/refdec.py is missing, IPFIX is read by no other decoder";
  if (process.env.CI) throw new Error(line);
  console.warn(line);
}

/** What refdec reads of datagrams: a line a record, and what it found wrong or without a template. Nothing where it is not. */
export function refdec<Line>(datagrams: Parameters<typeof pcapFile>[0]): { lines: Line[]; errors: unknown[] } {
  if (!refdecIsThere) return { lines: [], errors: [] };
  const folder = mkdtempSync(join(tmpdir(), "v6meter-refdec-"));
  try {
    const file = join(folder, "day.pcap");
    writeFileSync(file, pcapFile(datagrams));
    const program = `import sys,json; sys.path.insert(0,${JSON.stringify(join(REFDEC, ".."))})
import refdec
d,recs=refdec.run(${JSON.stringify(file)})
for r in recs:
    r.pop('fields',None); r.pop('raw',None); print(json.dumps(r))
print(json.dumps(dict(errors=d.err,unknown=d.unknown_sets)))`;
    const text = execFileSync("python3", ["-c", program], { maxBuffer: 1 << 28, encoding: "utf8" })
      .trim()
      .split("\n");
    const errors = Object.values(JSON.parse(text.pop() as string)).flat();
    return { lines: text.map((line) => JSON.parse(line)), errors };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
