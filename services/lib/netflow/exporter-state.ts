import { addressBytes, SAMPLING_SOURCES } from "@v6meter/schemas";
import { Exporter } from "./exporter.ts";
import type { ExportVersion } from "./header.ts";
import type { DecoderOptions } from "./options.ts";
import type { ParkedSet } from "./parking.ts";
import type { Session } from "./session.ts";
import { StateReader, StateWriter } from "./state-bytes.ts";
import { createLayout, type RecordLayout } from "./template.ts";

/*
 * What outlives a restart of the collector, as bytes. One entry an exporter holds all but the parked
 * sets. Those are large and do not change: each stands once in a bundle with an entry of its own, and the
 * exporter's entry says which sets of which bundles are still parked.
 */

const FORMAT = 1;
const BUNDLE_KEY = /^(\S+) parked (\d+)$/;

/** Key of the entry of a bundle of parked sets. */
export function bundleKey(exporter: string, bundle: number): string {
  return `${exporter} parked ${bundle}`;
}

function versionOf(value: number): ExportVersion {
  if (value === 1 || value === 5 || value === 7 || value === 9 || value === 10) return value;
  throw new RangeError(`Version ${value} in a state.`);
}

function writeNumbers(writer: StateWriter, numbers: ReadonlyMap<number, number>): void {
  writer.u32(numbers.size);
  for (const [key, value] of numbers) {
    writer.f64(key);
    writer.f64(value);
  }
}

function readNumbers(reader: StateReader, into: Map<number, number>): void {
  reader.list(() => into.set(reader.f64(), reader.f64()));
}

function writeDomains(writer: StateWriter, exporter: Exporter): void {
  writer.u32(exporter.domains.size);
  for (const domain of exporter.domains.values()) {
    writer.u32(domain.id);
    writer.f64(domain.defaultRate);
    writer.f64(domain.systemInitMs);
    writer.text(domain.name);
    writeNumbers(writer, domain.samplers);
    writeNumbers(writer, domain.interfaceRates);
    writer.u32(domain.interfaces.size);
    for (const { index, name, description } of domain.interfaces.values()) {
      writer.f64(index);
      writer.text(name);
      writer.text(description);
    }
  }
}

function readDomains(reader: StateReader, exporter: Exporter): void {
  reader.list(() => {
    const domain = exporter.domain(reader.u32());
    domain.defaultRate = reader.f64();
    domain.systemInitMs = reader.f64();
    domain.name = reader.text();
    readNumbers(reader, domain.samplers);
    readNumbers(reader, domain.interfaceRates);
    reader.list(() => domain.learnInterface(reader.f64(), reader.text(), reader.text()));
  });
}

function writeLayout(writer: StateWriter, layout: RecordLayout): void {
  writer.u8(layout.options ? 1 : 0);
  writer.u16(layout.scopeCount);
  writer.u32(layout.fieldCount);
  writer.triples(layout.enterprises, layout.elements, layout.lengths);
}

function readLayout(reader: StateReader, version: ExportVersion): RecordLayout {
  const options = reader.u8() === 1;
  const scopeCount = reader.u16();
  const fields: number[] = [];
  reader.list(() => fields.push(reader.u32(), reader.u16(), reader.u16()));
  return createLayout(version, options, scopeCount, fields);
}

function writeSession(writer: StateWriter, session: Session): void {
  writer.u8(session.version);
  writer.u16(session.sourcePort);
  writer.u32(session.domain.id);
  writer.f64(session.firstSeenAtMs);
  writer.f64(session.lastSeenAtMs);
  writer.u8(SAMPLING_SOURCES.indexOf(session.samplingSource));
  writer.u16(session.headerRate);
  const { position } = session.sequence;
  writer.u8(position === null ? 0 : 1);
  if (position !== null) {
    writer.u32(position.next);
    writer.u8(position.uncertain ? 1 : 0);
    writer.f64(position.uptimeMs);
    writer.f64(position.exportMs);
    writer.f64(position.receivedAtMs);
  }
  writer.u32(session.templates.size);
  for (const template of session.templates.values()) {
    writer.u16(template.id);
    writer.f64(template.refreshedAtMs);
    writeLayout(writer, template.layout);
  }
}

function readSession(reader: StateReader, exporter: Exporter): void {
  const version = versionOf(reader.u8());
  const sourcePort = reader.u16();
  const domain = reader.u32();
  const firstSeenAtMs = reader.f64();
  const lastSeenAtMs = reader.f64();
  const samplingSource = SAMPLING_SOURCES[reader.u8()] ?? "unknown";
  const headerRate = reader.u16();
  const position =
    reader.u8() === 0
      ? null
      : {
          next: reader.u32(),
          uncertain: reader.u8() === 1,
          uptimeMs: reader.f64(),
          exportMs: reader.f64(),
          receivedAtMs: reader.f64(),
        };
  const session = exporter.addSession(version, sourcePort, domain, firstSeenAtMs, position);
  session.lastSeenAtMs = lastSeenAtMs;
  session.samplingSource = samplingSource;
  session.headerRate = headerRate;
  session.heard = false;
  reader.list(() => {
    const id = reader.u16();
    const refreshedAtMs = reader.f64();
    exporter.putTemplate(session, id, readLayout(reader, version), refreshedAtMs);
  });
}

/** Neighbouring sets of a bundle that are still parked. */
interface ParkedRun {
  readonly bundle: number;
  /** Index in the bundle. */
  readonly first: number;
  count: number;
}

function writeParkedRuns(writer: StateWriter, sets: readonly ParkedSet[]): void {
  const runs: ParkedRun[] = [];
  for (const { bundle, indexInBundle } of sets) {
    const last = runs.at(-1);
    if (last !== undefined && last.bundle === bundle && last.first + last.count === indexInBundle) last.count++;
    else runs.push({ bundle, first: indexInBundle, count: 1 });
  }
  writer.u32(runs.length);
  for (const { bundle, first, count } of runs) {
    writer.u32(bundle);
    writer.u32(first);
    writer.u32(count);
  }
}

function readParkedRuns(reader: StateReader): ParkedRun[] {
  const runs: ParkedRun[] = [];
  reader.list(() => runs.push({ bundle: reader.u32(), first: reader.u32(), count: reader.u32() }));
  return runs;
}

/** A damaged run may claim four billion sets: what a bundle does not have is refused before anything is made of it. */
function setsOfRuns(sets: readonly ParkedSet[], runs: readonly ParkedRun[]): ParkedSet[] {
  const isParked = new Uint8Array(sets.length);
  for (const { first, count } of runs) {
    if (first + count > sets.length) throw new RangeError("More parked sets than their bundle has.");
    isParked.fill(1, first, first + count);
  }
  return sets.filter(({ indexInBundle }) => isParked[indexInBundle] === 1);
}

function writeBundle(sets: readonly ParkedSet[]): Uint8Array {
  const writer = new StateWriter();
  writer.u8(FORMAT);
  writer.u32(sets.length);
  for (const set of sets) {
    writer.u8(set.version);
    writer.u32(set.domain);
    writer.u16(set.sourcePort);
    writer.u16(set.id);
    writer.f64(set.exportMs);
    writer.f64(set.uptimeMs);
    writer.f64(set.receivedAtMs);
    writer.bytes(set.bytes);
  }
  return writer.finish();
}

function readBundle(bytes: Uint8Array, bundle: number): ParkedSet[] {
  const reader = new StateReader(bytes);
  if (reader.u8() !== FORMAT) throw new RangeError("A bundle of another format.");
  const sets: ParkedSet[] = [];
  reader.list(() =>
    sets.push({
      version: versionOf(reader.u8()),
      domain: reader.u32(),
      sourcePort: reader.u16(),
      id: reader.u16(),
      exportMs: reader.f64(),
      uptimeMs: reader.f64(),
      receivedAtMs: reader.f64(),
      bytes: reader.bytes(),
      bundle,
      indexInBundle: sets.length,
    }),
  );
  return sets;
}

/** Of the entries of exporters, one after the other: of thousands all change in a second. */
const entries = new StateWriter();

/** Puts the entries of a changed exporter into `into`. */
export function storeExporter(exporter: Exporter, into: Map<string, Uint8Array | null>): void {
  const { parking, text } = exporter;
  for (const id of parking.takeEmptied()) into.set(bundleKey(text, id), null);
  const bundle = parking.bundleNew();
  if (bundle !== null) into.set(bundleKey(text, bundle.id), writeBundle(bundle.sets));
  entries.begin();
  entries.u8(FORMAT);
  entries.f64(exporter.lastSeenAtMs);
  writeDomains(entries, exporter);
  entries.u32(exporter.sessions.size);
  for (const session of exporter.sessions.values()) writeSession(entries, session);
  writeParkedRuns(entries, parking.sets);
  into.set(text, entries.finish());
}

/** Marks every entry of an exporter that is forgotten. */
export function forgetExporter(exporter: Exporter, into: Map<string, Uint8Array | null>): void {
  into.set(exporter.text, null);
  for (const id of exporter.parking.bundleIds) into.set(bundleKey(exporter.text, id), null);
}

function readExporter(
  key: string,
  bytes: Uint8Array,
  state: ReadonlyMap<string, Uint8Array>,
  options: DecoderOptions,
): Exporter {
  const address = addressBytes(key);
  if (address === null) throw new RangeError("Not an exporter's address.");
  const exporter = new Exporter(address, options);
  const reader = new StateReader(bytes);
  if (reader.u8() !== FORMAT) throw new RangeError("A state of another format.");
  exporter.lastSeenAtMs = reader.f64();
  readDomains(reader, exporter);
  reader.list(() => readSession(reader, exporter));
  for (const [bundle, runs] of Map.groupBy(readParkedRuns(reader), (run) => run.bundle)) {
    const entry = state.get(bundleKey(exporter.text, bundle));
    if (entry === undefined) throw new RangeError("A bundle of parked sets is missing.");
    exporter.parking.restore(bundle, setsOfRuns(readBundle(entry, bundle), runs));
  }
  return exporter;
}

/**
 * The exporters of an earlier run. Entries that cannot be read are counted and left out, and with an
 * exporter's entry its parked sets.
 */
export function readExporters(
  state: ReadonlyMap<string, Uint8Array>,
  options: DecoderOptions,
): { exporters: Exporter[]; unreadable: number } {
  const exporters: Exporter[] = [];
  let unreadable = 0;
  for (const [key, bytes] of state) {
    if (BUNDLE_KEY.test(key)) continue;
    try {
      exporters.push(readExporter(key, bytes, state, options));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      unreadable++;
    }
  }
  return { exporters, unreadable };
}
