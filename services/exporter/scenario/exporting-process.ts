import type { ScenarioRouter } from "@v6meter/schemas";
import type { Datagram } from "../encode/datagram.ts";
import { createSequence, type Sequence } from "../encode/sequence.ts";
import { stamp } from "../encode/stamp.ts";

/** Takes a finished datagram; false says that it could not be sent and must not be counted. */
export type Send = (bytes: Buffer) => boolean;

/** A router's exporting process (RFC 7011 §2): its clock, its sequence numbers, its templates' age. */
export interface ExportingProcess {
  /**
   * Exports a datagram at true time `nowMs`: templates first where they are due. One that is `withheld`
   * gets its sequence number and is not sent. True where it was sent.
   */
  export(datagram: Datagram, nowMs: number, withheld: boolean, send: Send): boolean;
  /** Restarts at true time `nowMs`: sequence numbers and uptime at 0, templates to be sent again. */
  restart(nowMs: number): void;
  /** Datagrams with templates and options records that were sent. */
  readonly templateDatagrams: number;
  readonly optionsRecords: number;
  readonly restarts: number;
}

interface Stream {
  readonly sequence: Sequence;
  readonly templates: readonly Datagram[];
  /** Datagrams since the templates were sent last, or since the beginning. */
  since: number;
  /** When the templates were sent last; null before the first time. */
  sentAtMs: number | null;
}

/**
 * Starts a router's exporting process at true time `startMs`, booted the router's uptime before.
 * `templateDatagrams` are what it sends with its templates, by observation domain.
 */
export function createExportingProcess(
  spec: ScenarioRouter,
  templateDatagrams: ReadonlyMap<number, readonly Datagram[]>,
  startMs: number,
): ExportingProcess {
  const streams = new Map<number, Stream>();
  for (const [domain, templates] of templateDatagrams)
    streams.set(domain, { sequence: createSequence(), templates, since: 0, sentAtMs: null });
  let bootMs = startMs - spec.uptime_s * 1000;
  let sentTemplates = 0;
  let optionsRecords = 0;
  let restarts = 0;

  const stampNow = (datagram: Datagram, stream: Stream, nowMs: number) =>
    stamp(datagram, {
      exportTimeMs: nowMs + spec.clock_offset_ms,
      uptimeMs: nowMs - bootMs,
      sequence: stream.sequence.next(datagram),
    });

  const templatesDue = (stream: Stream, nowMs: number): boolean =>
    stream.templates.length > 0 &&
    (stream.sentAtMs === null
      ? stream.since >= spec.first_template_after_datagrams
      : stream.since >= spec.template_refresh_datagrams || nowMs - stream.sentAtMs >= spec.template_refresh_s * 1000);

  return {
    export(datagram, nowMs, withheld, send) {
      const stream = streams.get(datagram.domain) as Stream;
      if (templatesDue(stream, nowMs)) {
        for (const templates of stream.templates) {
          stampNow(templates, stream, nowMs);
          if (!send(templates.bytes)) continue;
          sentTemplates++;
          optionsRecords += templates.dataRecords;
        }
        stream.since = 0;
        stream.sentAtMs = nowMs;
      }
      stream.since++;
      stampNow(datagram, stream, nowMs);
      return !withheld && send(datagram.bytes);
    },
    restart(nowMs) {
      restarts++;
      bootMs = nowMs;
      for (const stream of streams.values()) {
        stream.sequence.restart();
        stream.since = spec.first_template_after_datagrams;
        stream.sentAtMs = null;
      }
    },
    get templateDatagrams() {
      return sentTemplates;
    },
    get optionsRecords() {
      return optionsRecords;
    },
    get restarts() {
      return restarts;
    },
  };
}
