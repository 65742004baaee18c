import type { Datagram } from "../encode/datagram.ts";
import { createSequence, type Sequence } from "../encode/sequence.ts";
import { stamp } from "../encode/stamp.ts";
import type { ProvinceRouter } from "./day.ts";

/** Takes a finished datagram; false says that it could not be sent and must not be counted. */
export type Send = (bytes: Buffer) => boolean;

/** A router while it exports: its clock, its sequence numbers, its templates' age. */
export interface Session {
  /**
   * Exports one of the router's datagrams at true time `nowMs`: templates first where they are due.
   * The bytes handed to `send` are overwritten when the same datagram is exported again.
   */
  export(index: number, nowMs: number, send: Send): void;
  /** How often each of the router's datagrams was sent. */
  readonly sent: Uint32Array;
  /** How often each was withheld. */
  readonly withheld: Uint32Array;
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

/** Starts a router at true time `startMs`, booted its `uptime_s` before. */
export function createSession(router: ProvinceRouter, startMs: number): Session {
  const { spec } = router;
  const streams = new Map<number, Stream>();
  for (const [domain, templates] of router.templateDatagrams)
    streams.set(domain, { sequence: createSequence(), templates, since: 0, sentAtMs: null });
  const sent = new Uint32Array(router.datagrams.length);
  const withheld = new Uint32Array(router.datagrams.length);
  let bootMs = startMs - spec.uptime_s * 1000;
  let templateDatagrams = 0;
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
    export(index, nowMs, send) {
      if (index === router.restartAt) {
        restarts++;
        bootMs = nowMs;
        for (const stream of streams.values()) {
          stream.sequence.restart();
          stream.since = spec.first_template_after_datagrams;
          stream.sentAtMs = null;
        }
      }
      const datagram = router.datagrams[index] as Datagram;
      const stream = streams.get(datagram.domain) as Stream;
      if (templatesDue(stream, nowMs)) {
        for (const templates of stream.templates) {
          stampNow(templates, stream, nowMs);
          if (!send(templates.bytes)) continue;
          templateDatagrams++;
          optionsRecords += templates.dataRecords;
        }
        stream.since = 0;
        stream.sentAtMs = nowMs;
      }
      stream.since++;
      stampNow(datagram, stream, nowMs);
      if (router.withheld[index]) withheld[index] = (withheld[index] as number) + 1;
      else if (send(datagram.bytes)) sent[index] = (sent[index] as number) + 1;
    },
    sent,
    withheld,
    get templateDatagrams() {
      return templateDatagrams;
    },
    get optionsRecords() {
      return optionsRecords;
    },
    get restarts() {
      return restarts;
    },
  };
}
