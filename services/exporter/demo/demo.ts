import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readCapture } from "@v6meter/pcap";
import { api, type HostPort } from "@v6meter/schemas";
import { replay } from "../replay/replay.ts";
import { DEMO_SCENARIO, loadScenario } from "../scenario/load.ts";
import { simulate } from "../simulate/simulate.ts";
import { bar } from "./bar.ts";
import { demoReport } from "./report.ts";

/** What the demo needs of the platform it feeds. */
export interface DemoOptions {
  /** The collector's UDP address. */
  readonly to: HostPort;
  /** Folder of captures, `*.pcap` and `*.pcapng`. */
  readonly capturesDir: string;
  /** Answers a GET of a path of the API, with the key; rejects where the answer is not a success. */
  readonly query: (path: string) => Promise<unknown>;
  readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly seed: number;
  /** Ends the demo early, without the tables. */
  readonly signal: AbortSignal;
}

/** What the captures amounted to. */
export interface CapturesSent {
  readonly files: number;
  readonly datagrams: number;
}

/** Mean flow records a second: the day takes 20 s. */
const RECORDS_PER_S = 15_000;
const POLL_MS = 250;
/** How long the books may take to show what was sent as written. */
const WRITTEN_WITHIN_MS = 20_000;

/**
 * Sends a simulated day and the captures to a running platform, waits until its books show them written,
 * and prints the IPv6 share by city and operator beside the truth, the books and the warnings. Resolves
 * early, with less printed, when the signal aborts.
 */
export async function runDemo({ to, capturesDir, query, out, seed, signal }: DemoOptions): Promise<void> {
  const scenario = loadScenario(DEMO_SCENARIO);
  const startMs = Date.now();
  const tty = out.isTTY === true;
  const progress = (text: string) => {
    if (tty) out.write(`\r\x1b[2K${text}`);
  };

  out.write(
    `\nsending a simulated day of ${scenario.routers.length} routers in ${scenario.regions.length} cities, about ${scenario.records} records …\n`,
  );
  const before = await received(query);
  const truth = await simulate({
    scenario,
    seed,
    to,
    ratePerS: RECORDS_PER_S,
    signal,
    onProgress: ({ hour, records, recordsWanted }) =>
      progress(`${String(hour).padStart(2, "0")}:00 ${bar(records / recordsWanted, 30)} ${records} records`),
  });
  progress("");
  if (signal.aborted) return;
  const captures = await sendCaptures(capturesDir, to, signal);
  out.write(
    `sent ${truth.records} records in ${truth.datagrams} datagrams, and ${captures.files} captures of real exporters (${captures.datagrams} datagrams)\n`,
  );

  const written = await untilWritten(query, before + truth.datagrams + captures.datagrams, signal);
  if (signal.aborted) return;
  if (!written)
    out.write(`not everything is written after ${WRITTEN_WITHIN_MS / 1000} s: the figures are incomplete\n`);

  const from = encodeURIComponent(api.instantText(startMs));
  const [share, ledger, exporters] = await Promise.all([
    query(`/api/v1/traffic/share?by=region,operator&from=${from}`),
    query("/api/v1/ledger"),
    query("/api/v1/exporters"),
  ]);
  out.write(
    demoReport({
      scenario,
      truth,
      share: api.trafficShare.parse(share),
      ledger: api.ledger.parse(ledger),
      exporters: api.exporters.parse(exporters),
      out,
    }),
  );
}

async function sendCaptures(folder: string, to: HostPort, signal: AbortSignal): Promise<CapturesSent> {
  const files = readdirSync(folder)
    .filter((name) => /\.pcap(ng)?$/.test(name))
    .sort();
  let datagrams = 0;
  for (const name of files) {
    const capture = readCapture(readFileSync(join(folder, name)));
    datagrams += (await replay(capture, { to, speed: "max", rebaseTime: true, signal })).sent;
  }
  return { files: files.length, datagrams };
}

/** Datagrams the books show as received so far. */
async function received(query: DemoOptions["query"]): Promise<number> {
  return Number(api.ledger.parse(await query("/api/v1/ledger")).total.stages.receive?.received ?? 0);
}

/** Waits until so many datagrams were received and every record published is written; false when time is up. */
async function untilWritten(query: DemoOptions["query"], datagrams: number, signal: AbortSignal): Promise<boolean> {
  const giveUpMs = Date.now() + WRITTEN_WITHIN_MS;
  while (Date.now() < giveUpMs && !signal.aborted) {
    const { stages } = api.ledger.parse(await query("/api/v1/ledger")).total;
    const settled = stages.publish?.forwarded === stages.write?.forwarded;
    if (settled && Number(stages.receive?.received ?? 0) >= datagrams) return true;
    await delay(POLL_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}
