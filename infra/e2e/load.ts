import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { CAPTURE_FOLDERS, capturesIn } from "@v6meter/captures";
import { DEMO_SCENARIO, loadScenario, replay, simulate, type Truth } from "@v6meter/exporter";
import { type Capture, readCapture } from "@v6meter/pcap";
import type { HostPort, Scenario } from "@v6meter/schemas";

/** What was sent of one capture, as an independent decoder reads it. */
export interface CaptureSent {
  readonly name: string;
  /** The addresses it was sent from. */
  readonly exporters: readonly string[];
  readonly datagrams: number;
  readonly rows: number;
  readonly bytes: number;
  readonly packets: number;
}

/** What was sent, by those who sent it. */
export interface LoadSent {
  readonly captures: readonly CaptureSent[];
  /** One a collector: its own routers. */
  readonly truths: readonly Truth[];
  readonly datagrams: number;
  readonly records: number;
  readonly elapsedMs: number;
}

export interface LoadOptions {
  /** The collectors' UDP addresses; the captures and the routers are dealt out over them. */
  readonly to: readonly HostPort[];
  readonly records: number;
  /** Records a second of all together. */
  readonly ratePerS: number;
  readonly seed: number;
  readonly onProgress?: (records: number) => void;
}

interface Expected {
  readonly flow_records: number;
  readonly reverse_records: number;
  readonly bytes: number;
  readonly packets: number;
}

/** Several captures share an exporter's address; here each has addresses of its own. */
function withOwnAddresses(capture: Capture, index: number): Capture {
  const sources = [...new Set(capture.datagrams.map(({ source }) => source))];
  const datagrams = capture.datagrams.map((datagram) => ({
    ...datagram,
    source: `198.18.${index}.${sources.indexOf(datagram.source) + 1}`,
  }));
  return { ...capture, datagrams };
}

async function sendCapture(file: string, index: number, to: HostPort): Promise<CaptureSent> {
  const name = basename(file, ".pcap");
  const capture = withOwnAddresses(readCapture(readFileSync(file)), index);
  const result = await replay(capture, { to, speed: "max", rebaseTime: true });
  if (result.failed > 0) throw new Error(`${name}: ${result.failed} datagrams were not sent: ${result.error}`);
  const expected = JSON.parse(readFileSync(file.replace(/pcap$/, "expected.json"), "utf8")) as Expected;
  return {
    name,
    exporters: [...new Set(result.sources.map(({ from }) => from.host))],
    datagrams: result.sent,
    rows: expected.flow_records + expected.reverse_records,
    bytes: expected.bytes,
    packets: expected.packets,
  };
}

/** The scenario's routers dealt out: one scenario a collector. */
function dealt(scenario: Scenario, parts: number): Scenario[] {
  return Array.from({ length: parts }, (_, part) => ({
    ...scenario,
    routers: scenario.routers.filter((_router, index) => index % parts === part),
  }));
}

/** Sends the repository's captures and a simulated province to the collectors. */
export async function sendLoad({ to, records, ratePerS, seed, onProgress }: LoadOptions): Promise<LoadSent> {
  const startedAt = performance.now();
  const captures: CaptureSent[] = [];
  for (const [index, file] of capturesIn(CAPTURE_FOLDERS.own).entries())
    captures.push(await sendCapture(file, index, to[index % to.length] as HostPort));
  const sent = to.map(() => 0);
  const truths = await Promise.all(
    dealt(loadScenario(DEMO_SCENARIO), to.length).map((scenario, part) =>
      simulate({
        scenario,
        seed: seed + part,
        to: to[part] as HostPort,
        records: Math.round(records / to.length),
        ratePerS: ratePerS / to.length,
        onProgress: (progress) => {
          sent[part] = progress.records;
          onProgress?.(sent.reduce((sum, one) => sum + one, 0));
        },
      }),
    ),
  );
  const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
  return {
    captures,
    truths,
    datagrams: sum(captures.map(({ datagrams }) => datagrams)) + sum(truths.map(({ datagrams }) => datagrams)),
    records: sum(captures.map(({ rows }) => rows)) + sum(truths.map((truth) => truth.records)),
    elapsedMs: performance.now() - startedAt,
  };
}
