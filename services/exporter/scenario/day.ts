import type { Scenario, ScenarioRouter } from "@v6meter/schemas";
import type { Datagram } from "../encode/datagram.ts";
import type { Cell } from "./cells.ts";
import type { RouterTemplates } from "./templates.ts";
import type { Verdict } from "./traffic.ts";
import type { Truth } from "./truth.ts";

/** A kind of traffic: a cell and what the classifier should say of it. */
export interface Kind {
  readonly cell: Cell;
  readonly verdict: Verdict;
  /** IP version of the exported addresses. */
  readonly family: 4 | 6;
}

/** A router's day: its datagrams but for sequence numbers and times, and its own books. */
export interface ProvinceRouter {
  readonly spec: ScenarioRouter;
  readonly cells: readonly Cell[];
  readonly templates: RouterTemplates;
  /** What it sends with its templates, by observation domain. */
  readonly templateDatagrams: ReadonlyMap<number, readonly Datagram[]>;
  readonly datagrams: readonly Datagram[];
  /** 1 where the datagram is never sent. */
  readonly withheld: Uint8Array;
  /** The datagram before which it restarts; -1 never. */
  readonly restartAt: number;
  /** One entry a record: index of its kind, bytes and packets as exported. */
  readonly rows: { readonly kinds: Uint16Array; readonly bytes: Uint32Array; readonly packets: Uint16Array };
}

/** A simulated day. */
export interface Province {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly kinds: readonly Kind[];
  readonly routers: readonly ProvinceRouter[];
  /** The order of sending: a router and one of its datagrams each. */
  readonly order: { readonly routers: Uint16Array; readonly datagrams: Uint32Array };
  /** Where in the order each hour begins; the 25th entry is the end. */
  readonly hourStarts: readonly number[];
  /** What a day sent once amounts to (templates refreshed by count only: no time passes here). */
  readonly truth: Truth;
}
