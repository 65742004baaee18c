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

/** Rows whose sessions are looked for at once: what is read of a session is then still in the cache. */
const CHUNK = 1_024;

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

  readonly #wanted = wantedOf(CHUNK);
  readonly #found = new Int32Array(CHUNK);
  // Of the rows of the batch at hand that a session was looked for.
  #row = new Int32Array(0);
  #who = new Uint32Array(0);
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

  /** Looks for the session of every row and takes its operator, region and access over. Needs attribution. */
  locate(rows: Rows): void {
    if (this.#operator.length !== this.#table.operator.length) this.#translate();
    if (this.#row.length < rows.rows) {
      this.#row = new Int32Array(rows.rows);
      this.#who = new Uint32Array(rows.rows * 2);
    }
    this.#count = 0;
    for (let row = 0; row < rows.rows; ) row = this.#gather(rows, row);
  }

  /** Finds the sessions of the rows gathered, the last `gathered` of those that have one looked for. */
  #take(rows: Rows, gathered: number): void {
    const first = this.#count;
    this.#count += gathered;
    this.#table.findAll(this.#wanted, gathered, this.#found);
    for (let n = 0; n < gathered; n++) {
      const at = first + n;
      this.#who[at * 2] = 0;
      this.#who[at * 2 + 1] = 0;
      const holding = this.#found[n] as number;
      if (holding < 0) continue;
      const row = this.#row[at] as number;
      const place = this.#table.placeOf(holding);
      rows.operator[row] = (this.#operator[place] as number) || (rows.operator[row] as number);
      rows.region[row] = (this.#region[place] as number) || (rows.region[row] as number);
      rows.access[row] = (this.#access[place] as number) || (rows.access[row] as number);
      // Days and months are cut by arrival, so the key is the one of that moment: a month has one.
      this.#table.subscriber(holding, getU64(rows.received_at, row), this.#who, at * 2);
    }
  }

  /** Gathers rows from one on until there is a chunk, and looks for their sessions; returns the row that is next. */
  #gather(rows: Rows, from: number): number {
    const { findings } = rows;
    const { words, port, network, atMs } = this.#wanted;
    const regions = this.#words.region.length;
    let count = 0;
    let row = from;
    for (; row < rows.rows && count < CHUNK; row++) {
      const which = findings.subscriberAddress[row] as number;
      if (which === NO_ADDRESS || IS_EXCLUDED[rows.technology[row] as number]) continue;
      const address =
        which === SRC
          ? rows.srcWords
          : which === DST
            ? rows.dstWords
            : which === OUTER_SRC
              ? rows.outerSrcWords
              : rows.outerDstWords;
      words[count * 4] = address[row * 4] as number;
      words[count * 4 + 1] = address[row * 4 + 1] as number;
      words[count * 4 + 2] = address[row * 4 + 2] as number;
      words[count * 4 + 3] = address[row * 4 + 3] as number;
      port[count] = (which === DST ? rows.dst_port[row] : rows.src_port[row]) as number;
      network[count] = this.#networks[
        (rows.operator[row] as number) * regions + (rows.region[row] as number)
      ] as number;
      const receivedMs = getU64(rows.received_at, row);
      const startMs = getU64(rows.start_at, row);
      const told = startMs >= receivedMs - OLDEST_START_MS && startMs <= receivedMs + CLOCK_TOLERANCE_MS;
      atMs[count] = told ? startMs : receivedMs;
      this.#row[this.#count + count] = row;
      count++;
    }
    if (count > 0) this.#take(rows, count);
    return row;
  }

  /** Makes the subscribers of the rows those of the sessions that `locate` found. Needs subscriber_prefix. */
  fillSubscriber(rows: Rows, tally: JoinTally): void {
    const { subscriber } = rows;
    for (let n = 0; n < this.#count; n++) {
      const low = this.#who[n * 2] as number;
      const high = this.#who[n * 2 + 1] as number;
      if ((low | high) === 0) {
        tally.sessionlessRows++;
        continue;
      }
      const row = this.#row[n] as number;
      subscriber[row * 2] = low;
      subscriber[row * 2 + 1] = high;
      rows.subscriber_method[row] = SESSION;
      tally.sessionRows++;
    }
  }
}

function wantedOf(rows: number) {
  return {
    words: new Uint32Array(rows * 4),
    port: new Uint16Array(rows),
    network: new Int32Array(rows),
    atMs: new Float64Array(rows),
  };
}
