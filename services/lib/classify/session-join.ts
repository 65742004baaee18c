import { getU64 } from "@v6meter/schemas";
import type { SessionTable } from "@v6meter/sessions";
import { numbersOf } from "./registry-labels.ts";
import { type Rows, SUBSCRIBER_ADDRESSES } from "./rows.ts";
import { ACCESS_NAMES, IS_EXCLUDED, methodIndex } from "./vocabulary-index.ts";

/** A flow's own start is believed within this long before it was received, and a little after. */
const OLDEST_START_MS = 2 * 3_600_000;
const CLOCK_TOLERANCE_MS = 60_000;

const SESSION = methodIndex("session");
const { none: NO_ADDRESS, src: SRC, dst: DST, outerSrc: OUTER_SRC } = SUBSCRIBER_ADDRESSES;

/** Words of the registry that sessions' words and networks are told in. */
interface Words {
  readonly operator: readonly string[];
  readonly region: readonly string[];
}

/** What became of the rows that a session was looked for. */
export interface JoinTally {
  /** Rows whose subscriber is that of a session. */
  sessionRows: number;
  /** Rows with a subscriber side of which no session was known. */
  sessionlessRows: number;
}

/**
 * Meets flows with the sessions that held their subscriber side's addresses. What a session tells of operator,
 * region and access goes before what the flow tells. One serves all batches; nothing is made for a row.
 */
export class SessionJoin {
  readonly #table: SessionTable;
  #words: Words = { operator: [], region: [] };
  /** Networks of the table by operator * regions + region; -1 where no session was. */
  #networks = new Int32Array(0);
  // By number of place of the table: label numbers under the registry.
  #operator = new Uint16Array(0);
  #region = new Uint16Array(0);
  #access = new Uint16Array(0);

  #capacity = 0;
  #row = new Int32Array(0);
  #found = new Int32Array(0);
  #wanted = wantedOf(0);
  #count = 0;

  constructor(table: SessionTable) {
    this.#table = table;
  }

  /** Takes over the words of a registry. */
  use(words: Words): void {
    this.#words = words;
    this.#networks = new Int32Array(0);
    this.#operator = new Uint16Array(0);
  }

  /** The table has places it did not have before, or the registry has other words. */
  #translate(): void {
    const { operator, region, access, labels } = this.#table;
    const [operators, regions] = [this.#words.operator, this.#words.region];
    this.#networks = Int32Array.from({ length: operators.length * regions.length }, (_, i) =>
      this.#table.networkOf(operators[Math.floor(i / regions.length)] as string, regions[i % regions.length] as string),
    );
    const translated = (numbers: readonly number[], from: readonly string[], to: readonly string[]) => {
      const numberOf = numbersOf(to);
      return Uint16Array.from(numbers, (number) => numberOf(from[number]));
    };
    this.#operator = translated(operator, labels.operator, operators);
    this.#region = translated(region, labels.region, regions);
    this.#access = translated(access, labels.access, ACCESS_NAMES);
  }

  #reserve(rows: number): void {
    if (rows <= this.#capacity) return;
    this.#capacity = rows;
    this.#row = new Int32Array(rows);
    this.#found = new Int32Array(rows);
    this.#wanted = wantedOf(rows);
  }

  /** Looks for the session of every row and takes its operator, region and access over. Needs attribution. */
  locate(rows: Rows): void {
    if (this.#operator.length !== this.#table.operator.length) this.#translate();
    this.#reserve(rows.rows);
    this.#gather(rows);
    this.#table.findAll(this.#wanted, this.#count, this.#found);
    for (let n = 0; n < this.#count; n++) {
      const holding = this.#found[n] as number;
      if (holding < 0) continue;
      const row = this.#row[n] as number;
      const place = this.#table.placeOf(holding);
      rows.operator[row] = (this.#operator[place] as number) || (rows.operator[row] as number);
      rows.region[row] = (this.#region[place] as number) || (rows.region[row] as number);
      rows.access[row] = (this.#access[place] as number) || (rows.access[row] as number);
    }
  }

  #gather(rows: Rows): void {
    const { findings } = rows;
    const { words, port, network, atMs } = this.#wanted;
    const regions = this.#words.region.length;
    let count = 0;
    for (let row = 0; row < rows.rows; row++) {
      const which = findings.subscriberAddress[row] as number;
      if (which === NO_ADDRESS || IS_EXCLUDED[rows.technology[row] as number]) continue;
      const from =
        which === SRC
          ? rows.srcWords
          : which === DST
            ? rows.dstWords
            : which === OUTER_SRC
              ? rows.outerSrcWords
              : rows.outerDstWords;
      words[count * 4] = from[row * 4] as number;
      words[count * 4 + 1] = from[row * 4 + 1] as number;
      words[count * 4 + 2] = from[row * 4 + 2] as number;
      words[count * 4 + 3] = from[row * 4 + 3] as number;
      port[count] = (which === DST ? rows.dst_port[row] : rows.src_port[row]) as number;
      network[count] = this.#networks[
        (rows.operator[row] as number) * regions + (rows.region[row] as number)
      ] as number;
      const receivedMs = getU64(rows.received_at, row);
      const startMs = getU64(rows.start_at, row);
      const told = startMs >= receivedMs - OLDEST_START_MS && startMs <= receivedMs + CLOCK_TOLERANCE_MS;
      atMs[count] = told ? startMs : receivedMs;
      this.#row[count] = row;
      count++;
    }
    this.#count = count;
  }

  /** Makes the subscribers of the rows those of the sessions that `locate` found. Needs subscriber_prefix. */
  fillSubscriber(rows: Rows, tally: JoinTally): void {
    const { subscriber } = rows;
    for (let n = 0; n < this.#count; n++) {
      const holding = this.#found[n] as number;
      const row = this.#row[n] as number;
      let joined = false;
      if (holding >= 0) {
        // Days and months are cut by arrival, so the key is the one of that moment: a month has one.
        this.#table.subscriber(holding, getU64(rows.received_at, row), who, 0);
        joined = ((who[0] as number) | (who[1] as number)) !== 0;
      }
      if (!joined) {
        tally.sessionlessRows++;
        continue;
      }
      subscriber[row * 2] = who[0] as number;
      subscriber[row * 2 + 1] = who[1] as number;
      rows.subscriber_method[row] = SESSION;
      tally.sessionRows++;
    }
  }
}

const who = new Uint32Array(2);

function wantedOf(rows: number) {
  return {
    words: new Uint32Array(rows * 4),
    port: new Uint16Array(rows),
    network: new Int32Array(rows),
    atMs: new Float64Array(rows),
  };
}
