#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Capture, readCapture, SKIP_REASONS, type SkipReason } from "@v6meter/pcap";
import { hostPortOption, runCommand } from "@v6meter/runtime";
import { Fault, formatHostPort, type HostPort } from "@v6meter/schemas";
import { type ReplayProgress, type ReplayResult, replay } from "./replay.ts";

const HELP = `Usage: npm run replay -- FILE.pcap [options]

Sends the UDP payloads of a pcap or pcapng file to a collector, as they are.

Options:
  --to HOST:PORT   The collector, [IPv6]:PORT for an IPv6 address (default 127.0.0.1:2055)
  --speed N|max    1 as captured, N times as fast, max as fast as the receiver takes it in (default 1)
  --rebase-time    Move the export times in the headers of v1, v5, v7, v9 and IPFIX so that each
                   exporter's last datagram carries the time at which it is sent. Flow times relative
                   to sysUptime move along; absolute times inside records stay as captured.
  --json           One JSON line at the end instead of text
  --help           This text

Exporters stay distinct. To 127.x each is sent from a 127.x address of its own (the last three octets of
an IPv4 exporter, a hash of an IPv6 one), with the captured source port where it is free. To any other
address, ::1 among them, only the source port tells them apart.

Exit codes: 0 all datagrams were sent, 1 not all were or the file cannot be read, 78 a wrong argument.
`;

interface Arguments {
  readonly file: string;
  readonly to: HostPort;
  readonly speed: number | "max";
  readonly rebaseTime: boolean;
  readonly json: boolean;
}

function wrong(message: string, cause?: unknown): Fault {
  return new Fault("CONFIG_INVALID", `${message} See --help.`, { cause });
}

function readArguments(args: string[]): Arguments | "help" {
  const { values, positionals } = parse(args);
  if (values.help) return "help";
  const [file, ...more] = positionals;
  if (file === undefined) throw wrong("A capture file is missing.");
  if (more.length > 0) throw wrong(`One capture file is allowed, found also ${more.join(" ")}.`);
  const to = hostPortOption("to", values.to);
  const speed = values.speed === "max" ? "max" : Number(values.speed);
  if (speed !== "max" && !(speed > 0 && Number.isFinite(speed)))
    throw wrong(`--speed: found ${values.speed}, allowed is a number above 0, or max.`);
  return { file, to, speed, rebaseTime: values["rebase-time"], json: values.json };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        to: { type: "string", default: "127.0.0.1:2055" },
        speed: { type: "string", default: "1" },
        "rebase-time": { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (cause) {
    throw wrong(`${(cause as Error).message}.`.replace(/\.\.$/, "."), cause);
  }
}

function readFile(file: string): Capture {
  try {
    return readCapture(readFileSync(file));
  } catch (cause) {
    throw new Fault("CAPTURE_UNREADABLE", `${file}: ${(cause as Error).message}`, { cause });
  }
}

/** One line on a terminal, written over and over, from the first second on. */
function progressLine(): { show(progress: ReplayProgress): void; clear(): void } {
  const begin = performance.now();
  let shownAt = 0;
  return {
    show({ datagrams, sent, failed }) {
      const now = performance.now();
      if (!process.stderr.isTTY || now - begin < 1_000 || now - shownAt < 200) return;
      shownAt = now;
      const share = Math.floor((100 * (sent + failed)) / datagrams);
      process.stderr.write(`\r\x1b[K${share} %: ${sent} of ${datagrams} datagrams sent, ${failed} failed`);
    },
    clear() {
      if (shownAt > 0) process.stderr.write("\r\x1b[K");
    },
  };
}

function skippedText(skipped: Capture["skipped"]): string {
  return Object.entries(skipped)
    .map(([reason, count]) => `${count} (${SKIP_REASONS[reason as SkipReason]})`)
    .join(", ");
}

function printFigures(result: ReplayResult, to: HostPort): void {
  const rate = Math.round(result.sent / Math.max(result.elapsedMs / 1_000, 0.001));
  process.stdout.write(
    `${result.sent} of ${result.datagrams} datagrams sent to ${formatHostPort(to)}, ${result.bytes} bytes in ` +
      `${(result.elapsedMs / 1_000).toFixed(2)} s (${rate}/s), ${result.failed} failed\n`,
  );
  if (result.error === null) return;
  const advice = result.error.includes("ECONNREFUSED") ? "; does a collector listen there?" : "";
  process.stderr.write(`replay: the first failure was: ${result.error}${advice}\n`);
}

await runCommand("replay", async () => {
  const given = readArguments(process.argv.slice(2));
  if (given === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  const { file, to, speed, rebaseTime, json } = given;
  const capture = readFile(file);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  const line = progressLine();
  const result = await replay(capture, {
    to,
    speed,
    rebaseTime,
    signal: stop.signal,
    onProgress: line.show,
    onSources(sources, distinction) {
      if (json) return;
      if (distinction === "source port")
        process.stdout.write(`${to.host} is not IPv4 loopback: exporters differ by source port only.\n`);
      for (const { exporter, sourcePort, from } of sources)
        process.stdout.write(
          `${formatHostPort({ host: exporter, port: sourcePort })} is sent from ${formatHostPort(from)}\n`,
        );
      const skipped = skippedText(capture.skipped);
      if (skipped !== "") process.stdout.write(`frames without a datagram: ${skipped}\n`);
    },
  });
  line.clear();
  if (json)
    process.stdout.write(`${JSON.stringify({ file, to: formatHostPort(to), ...result, skipped: capture.skipped })}\n`);
  else printFigures(result, to);
  return result.failed === 0 ? 0 : 1;
});
