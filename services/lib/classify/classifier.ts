import type { FlowBatch, FlowLabels, Technology } from "@v6meter/schemas";
import type { SessionTable } from "@v6meter/sessions";
import { fillActive } from "./active.ts";
import { AddressTable } from "./address-table.ts";
import { fillAttribution } from "./attribution.ts";
import { fillCounted } from "./counted.ts";
import { ExporterTable } from "./exporter-table.ts";
import { lookUpAddresses, lookUpPlaces } from "./lookup.ts";
import { PairTable } from "./pair-table.ts";
import { fillPlaces } from "./place.ts";
import type { Registry } from "./registry.ts";
import { registryLabels } from "./registry-labels.ts";
import { Repeats } from "./repeats.ts";
import { createFindings, rowsOf } from "./rows.ts";
import { type JoinTally, SessionJoin } from "./session-join.ts";
import { fillSubscriber, subscriberKeyWords, subscriberLengths } from "./subscriber.ts";
import { fillTechnology } from "./technology.ts";
import { TECHNOLOGY_NAMES } from "./vocabulary-index.ts";

/** Counts since the classifier was made. */
export interface ClassifierTotals extends JoinTally {
  rows: number;
  /** Rows seen before at their type of observation point. */
  repeats: number;
  /** Flows that had to be forgotten while still fresh: more `repeatSlots` are needed. */
  repeatEvictions: number;
  /** Rows metered at an interface that is registered with `counted: false`. */
  interfaceExcluded: number;
  /** Rows by technology. */
  readonly byTechnology: Record<Technology, number>;
}

export interface Classifier {
  /** Fills every `classify` column of the rows in place, and sampling_rate where it is 0 and declared. */
  classify(batch: FlowBatch): void;
  /**
   * Takes note of flows of the past, as after a restart, so that later sightings are known as repeats.
   * Oldest batches first. The totals stay; of the columns only observation_point, sampling_rate and
   * counted are filled.
   */
  remember(batch: FlowBatch): void;
  /** Takes over a new registry between two batches. */
  use(registry: Registry): void;
  readonly totals: ClassifierTotals;
}

export interface ClassifierOptions {
  readonly registry: Registry;
  /** Key of the subscriber hashes, 16 or 32 bytes. */
  readonly subscriberKey: Uint8Array;
  /** How long a flow belongs to the router that showed it first. */
  readonly repeatWindowMs: number;
  /** Flows followed at once to find repeats. */
  readonly repeatSlots: number;
  /** Sessions that flows are joined with; none where it is left out. */
  readonly sessions?: SessionTable;
}

/** A registry, compiled. */
interface Tables {
  readonly labels: FlowLabels;
  readonly addresses: AddressTable;
  readonly places: ExporterTable;
  readonly asns: PairTable;
  readonly lengths: Uint8Array;
}

function compile(registry: Registry): Tables {
  const labels = registryLabels(registry);
  return {
    labels,
    addresses: new AddressTable(registry, labels),
    places: new ExporterTable(registry, labels),
    asns: new PairTable(
      registry.operators.flatMap(({ asns }, i) => asns.map((asn) => [0, asn, i + 1] as [number, number, number])),
    ),
    lengths: subscriberLengths(registry),
  };
}

/** A classifier in memory: no I/O, one batch at a time. Bench: bench.ts. */
export function createClassifier(options: ClassifierOptions): Classifier {
  const key = subscriberKeyWords(options.subscriberKey);
  const seed = key[0] as number;
  const repeats = new Repeats(options.repeatWindowMs, options.repeatSlots);
  const totals: ClassifierTotals = {
    rows: 0,
    repeats: 0,
    repeatEvictions: 0,
    interfaceExcluded: 0,
    sessionRows: 0,
    sessionlessRows: 0,
    byTechnology: Object.fromEntries(TECHNOLOGY_NAMES.map((name) => [name, 0])) as Record<Technology, number>,
  };
  const join = options.sessions ? new SessionJoin(options.sessions) : null;
  let tables = compile(options.registry);
  join?.use(tables.labels);
  let findings = createFindings(0);

  /** The steps that tell which flow a row is and where it was metered. */
  const lookUp = (batch: FlowBatch) => {
    if (findings.srcClass.length < batch.rows) findings = createFindings(batch.capacity);
    const rows = rowsOf(batch, findings);
    lookUpAddresses(rows, tables.addresses);
    lookUpPlaces(rows, tables.places);
    return rows;
  };

  return {
    totals,
    classify(batch) {
      const { addresses, places, asns, lengths, labels } = tables;
      const rows = lookUp(batch);
      fillPlaces(rows, places);
      fillTechnology(rows, addresses);
      fillAttribution(rows, addresses, places, asns);
      join?.locate(rows);
      fillSubscriber(rows, addresses, lengths, key);
      join?.fillSubscriber(rows, totals);
      fillCounted(rows, places, repeats, seed, totals);
      fillActive(rows);
      batch.labels = labels;
      totals.rows += batch.rows;
      totals.repeatEvictions = repeats.evictions;
      countTechnologies(rows.technology, batch.rows, totals.byTechnology);
    },
    remember(batch) {
      const { places } = tables;
      const rows = lookUp(batch);
      fillPlaces(rows, places);
      const { evictions } = repeats;
      fillCounted(rows, places, repeats, seed, { repeats: 0, interfaceExcluded: 0 });
      repeats.evictions = evictions;
    },
    use(registry) {
      tables = compile(registry);
      join?.use(tables.labels);
    },
  };
}

function countTechnologies(technology: Uint16Array, rows: number, into: Record<Technology, number>): void {
  const counts = new Uint32Array(TECHNOLOGY_NAMES.length);
  for (let row = 0; row < rows; row++) (counts[technology[row] as number] as number) += 1;
  for (const [i, name] of TECHNOLOGY_NAMES.entries()) into[name] += counts[i] as number;
}
