import type { Datagram } from "../encode/datagram.ts";
import type { ProvinceRouter } from "./day.ts";
import { createExportingProcess, type Send } from "./exporting-process.ts";

/** A router while it exports its day. */
export interface Session {
  /**
   * Exports one of the router's datagrams at true time `nowMs`. The bytes handed to `send` are
   * overwritten when the same datagram is exported again.
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

/** Starts a router at true time `startMs`, booted its `uptime_s` before. */
export function createSession(router: ProvinceRouter, startMs: number): Session {
  const process = createExportingProcess(router.spec, router.templateDatagrams, startMs);
  const sent = new Uint32Array(router.datagrams.length);
  const withheld = new Uint32Array(router.datagrams.length);

  return {
    export(index, nowMs, send) {
      if (index === router.restartAt) process.restart(nowMs);
      const withhold = router.withheld[index] === 1;
      const wasSent = process.export(router.datagrams[index] as Datagram, nowMs, withhold, send);
      if (withhold) withheld[index] = (withheld[index] as number) + 1;
      else if (wasSent) sent[index] = (sent[index] as number) + 1;
    },
    sent,
    withheld,
    get templateDatagrams() {
      return process.templateDatagrams;
    },
    get optionsRecords() {
      return process.optionsRecords;
    },
    get restarts() {
      return process.restarts;
    },
  };
}
