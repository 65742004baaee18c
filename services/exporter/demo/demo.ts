import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readCapture } from "@v6meter/pcap";
import { api, type HostPort, type PopulationScenario } from "@v6meter/schemas";
import { playLive } from "../population/live.ts";
import { replay } from "../replay/replay.ts";
import { bar } from "./bar.ts";
import { demoReport } from "./report.ts";

/** What the demo needs of the platform it feeds. */
export interface DemoOptions {
  /** The collector's UDP address. */
  readonly to: HostPort;
  /** Its address of RADIUS accounting, and the secret its clients share. */
  readonly accounting: { readonly to: HostPort; readonly secret: Uint8Array };
  /** The province, whose registry the platform was started with. */
  readonly scenario: PopulationScenario;
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

/** Few enough that the day passes within half a minute, many enough that every city has users of every kind. */
const SUBSCRIBERS = 8_000;
/** Simulated seconds a second: a day in 30 s. */
const SPEED = 2_880;
/** One packet in so many at every router: a day of things, which send little, is seen. */
const SAMPLING_RATE = 20;
const POLL_MS = 250;
/** How long the books may take to show what was sent as written. */
const WRITTEN_WITHIN_MS = 20_000;

/**
 * Sends a day of a province's subscribers, their accounting and the captures to a running platform, waits until
 * its books show them written, and prints IPv6 share and active users beside the truth, the books and the
 * warnings. Resolves early, with less printed, when the signal aborts.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { to, accounting, scenario, capturesDir, query, out, seed, signal } = options;
  const startMs = Date.now();
  const progress = (text: string) => {
    if (out.isTTY === true) out.write(`\r\x1b[2K${text}`);
  };

  out.write(
    `\nsending a simulated day of ${SUBSCRIBERS} subscribers of ${scenario.regions.length} cities: flows of ${scenario.routers.length} routers, and accounting …\n`,
  );
  const before = await received(query);
  const played = await playLive({
    scenario,
    seed,
    to,
    accounting,
    subscribers: SUBSCRIBERS,
    samplingRate: SAMPLING_RATE,
    days: 1,
    speed: SPEED,
    signal,
    onProgress: ({ hour, datagrams }) =>
      progress(`${String(hour).padStart(2, "0")}:00 ${bar((hour + 1) / 24, 30)} ${datagrams} datagrams`),
  });
  progress("");
  if (signal.aborted) return;
  const { truth } = played;
  const captures = await sendCaptures(capturesDir, to, signal);
  out.write(
    `sent ${truth.routers.reduce((sum, { records }) => sum + records, 0)} records in ${played.datagrams} datagrams, ${truth.sessionEvents} accounting requests, and ${captures.files} captures of real exporters (${captures.datagrams} datagrams)\n`,
  );

  const written = await untilWritten(
    query,
    { datagrams: before + played.datagrams + captures.datagrams, events: truth.sessionEvents },
    signal,
  );
  if (signal.aborted) return;
  if (!written)
    out.write(`not everything is written after ${WRITTEN_WITHIN_MS / 1000} s: the figures are incomplete\n`);

  const from = encodeURIComponent(api.instantText(startMs));
  const [share, users, ledger, exporters] = await Promise.all([
    query(`/api/v1/traffic/share?by=region,operator&from=${from}`),
    query(`/api/v1/users/active?by=access&month=${api.instantText(startMs).slice(0, 7)}`),
    query("/api/v1/ledger"),
    query("/api/v1/exporters"),
  ]);
  out.write(
    demoReport({
      scenario,
      truth,
      share: api.trafficShare.parse(share),
      users: api.activeUsers.parse(users),
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

/** Waits until so many datagrams and session events were received and all of them are written; false when time is up. */
async function untilWritten(
  query: DemoOptions["query"],
  sent: { readonly datagrams: number; readonly events: number },
  signal: AbortSignal,
): Promise<boolean> {
  const giveUpMs = Date.now() + WRITTEN_WITHIN_MS;
  while (Date.now() < giveUpMs && !signal.aborted) {
    const { stages } = api.ledger.parse(await query("/api/v1/ledger")).total;
    const flows = stages.publish?.forwarded === stages.write?.forwarded;
    const sessions = Number(stages.record?.forwarded ?? 0) >= sent.events;
    if (flows && sessions && Number(stages.receive?.received ?? 0) >= sent.datagrams) return true;
    await delay(POLL_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}
