import { addressText, type ExporterStatus } from "@v6meter/schemas";
import { ExporterBooks } from "./books.ts";
import { ObservationDomain } from "./domain.ts";
import type { ExportVersion } from "./header.ts";
import type { DecoderOptions } from "./options.ts";
import { Parking } from "./parking.ts";
import type { SequencePosition } from "./sequence.ts";
import { Session, type Template } from "./session.ts";
import type { RecordLayout } from "./template.ts";

/** Sessions followed of one exporter; the one heard of longest ago goes for a new one. */
const MAX_SESSIONS = 1_024;
/** Fields of all templates of an exporter, for each template allowed: what bounds their memory. */
const FIELDS_PER_TEMPLATE = 64;

function templateKey(version: ExportVersion, domain: number, id: number): number {
  return (domain * 65_536 + id) * 16 + version;
}

/** What became of a template that was sent. */
export type TemplateOutcome = "new" | "refreshed" | "limit";

/** Everything the decoder knows of one exporter: its sessions, domains, templates, parked data and books. */
export class Exporter {
  readonly addressBytes: Uint8Array;
  readonly address: DataView;
  readonly text: string;
  readonly books = new ExporterBooks();
  readonly parking: Parking;
  readonly sessions = new Map<number, Session>();
  readonly domains = new Map<number, ObservationDomain>();
  lastSeenAtMs = 0;
  /** Something that outlives a restart has changed since the state was last taken. */
  changed = false;
  readonly #options: DecoderOptions;
  /** The template sent last for each version, domain and id, from whatever port. */
  readonly #latest = new Map<number, Template>();
  #lastSession: Session | null = null;
  #templateCount = 0;
  #fieldCount = 0;

  constructor(address: Uint8Array, options: DecoderOptions) {
    // Not slice: of a Buffer that is a view of the caller's memory.
    const copy = Uint8Array.from(address.subarray(0, 16));
    this.addressBytes = copy;
    this.address = new DataView(copy.buffer);
    this.text = addressText(copy);
    this.parking = new Parking(options.parkMaxBytes);
    this.#options = options;
  }

  /** The session of a datagram; a new one where it was not heard of before. */
  session(version: ExportVersion, sourcePort: number, domainId: number, nowMs: number): Session {
    const last = this.#lastSession;
    if (last !== null && last.version === version && last.sourcePort === sourcePort && last.domain.id === domainId)
      return last;
    const known = this.sessions.get(templateKey(version, domainId, sourcePort));
    const session = known ?? this.addSession(version, sourcePort, domainId, nowMs, null);
    this.#lastSession = session;
    return session;
  }

  /** Begins to follow a session. */
  addSession(
    version: ExportVersion,
    sourcePort: number,
    domainId: number,
    nowMs: number,
    position: SequencePosition | null,
  ): Session {
    if (this.sessions.size >= MAX_SESSIONS) this.#dropOldestSession();
    const session = new Session(version, sourcePort, this.domain(domainId), nowMs, position);
    this.sessions.set(templateKey(version, domainId, sourcePort), session);
    return session;
  }

  /** The observation domain of an id; a new one where it was not heard of before. */
  domain(id: number): ObservationDomain {
    let domain = this.domains.get(id);
    if (domain === undefined) {
      domain = new ObservationDomain(id);
      this.domains.set(id, domain);
    }
    return domain;
  }

  #dropOldestSession(): void {
    let oldestKey = -1;
    let oldest: Session | null = null;
    for (const [key, session] of this.sessions) {
      if (oldest !== null && session.lastSeenAtMs >= oldest.lastSeenAtMs) continue;
      oldest = session;
      oldestKey = key;
    }
    if (oldest !== null) this.#dropSession(oldestKey, oldest);
  }

  #dropSession(key: number, session: Session): void {
    for (const template of [...session.templates.values()]) this.#remove(session, template);
    this.sessions.delete(key);
    this.#lastSession = null;
    if (![...this.sessions.values()].some(({ domain }) => domain === session.domain))
      this.domains.delete(session.domain.id);
  }

  /**
   * Puts a template in force for a session: the same layout again is a refresh, another one replaces the
   * old for all data behind it. Data and options templates share their ids (RFC 7011 §3.4.3).
   */
  putTemplate(session: Session, id: number, layout: RecordLayout, nowMs: number): TemplateOutcome {
    const key = templateKey(session.version, session.domain.id, id);
    const known = session.templates.get(id);
    if (known !== undefined && known.layout.key === layout.key) {
      known.refreshedAtMs = nowMs;
      this.#latest.set(key, known);
      return "refreshed";
    }
    const fields = this.#fieldCount + layout.fieldCount - (known?.layout.fieldCount ?? 0);
    const { maxTemplates } = this.#options;
    if (known === undefined && this.#templateCount >= maxTemplates) return "limit";
    if (fields > maxTemplates * FIELDS_PER_TEMPLATE + 1_024) return "limit";
    if (known === undefined) this.#templateCount++;
    this.#fieldCount = fields;
    const template = { id, layout, sourcePort: session.sourcePort, refreshedAtMs: nowMs, plan: null };
    session.templates.set(id, template);
    this.#latest.set(key, template);
    return "new";
  }

  /** The template in force for a set of a session, by the policy of source ports. */
  findTemplate(session: Session, id: number, nowMs: number): Template | undefined {
    const { templateSourcePort } = this.#options;
    const own = templateSourcePort === "any" ? undefined : session.templates.get(id);
    if (own !== undefined && this.#inTime(own, nowMs)) return own;
    if (templateSourcePort === "session") return undefined;
    const latest = this.#latest.get(templateKey(session.version, session.domain.id, id));
    return latest !== undefined && this.#inTime(latest, nowMs) ? latest : undefined;
  }

  #inTime(template: Template, nowMs: number): boolean {
    return nowMs - template.refreshedAtMs <= this.#options.templateTtlMs;
  }

  /** Whether a template sent from one port serves data that came from another. */
  serves(templatePort: number, dataPort: number): boolean {
    return this.#options.templateSourcePort !== "session" || templatePort === dataPort;
  }

  /** RFC 7011 §8.1: the template is no longer in force; unknown ids are ignored. */
  withdraw(session: Session, id: number): boolean {
    const template =
      this.#options.templateSourcePort === "any"
        ? this.#latest.get(templateKey(session.version, session.domain.id, id))
        : session.templates.get(id);
    if (template === undefined) return false;
    this.#remove(this.#sessionOf(template, session), template);
    return true;
  }

  /** RFC 7011 §8.1: withdraws all data templates, or all options templates, of a session. */
  withdrawAll(session: Session, options: boolean): number {
    const templates = [...session.templates.values()].filter(({ layout }) => layout.options === options);
    for (const template of templates) this.#remove(session, template);
    return templates.length;
  }

  #sessionOf(template: Template, near: Session): Session {
    return this.sessions.get(templateKey(near.version, near.domain.id, template.sourcePort)) ?? near;
  }

  #remove(session: Session, template: Template): void {
    if (session.templates.get(template.id) !== template) return;
    session.templates.delete(template.id);
    this.#templateCount--;
    this.#fieldCount -= template.layout.fieldCount;
    const key = templateKey(session.version, session.domain.id, template.id);
    if (this.#latest.get(key) !== template) return;
    this.#latest.delete(key);
    const { version, domain } = session;
    for (const other of this.sessions.values()) {
      const heir = other.version === version && other.domain === domain ? other.templates.get(template.id) : undefined;
      if (heir === undefined) continue;
      const best = this.#latest.get(key);
      if (best === undefined || heir.refreshedAtMs > best.refreshedAtMs) this.#latest.set(key, heir);
    }
  }

  /** Forgets templates and parked sets that are out of time. */
  expire(nowMs: number): void {
    const { templateTtlMs, parkTtlMs } = this.#options;
    for (const [key, session] of this.sessions) {
      for (const template of session.templates.values()) {
        if (this.#inTime(template, nowMs)) continue;
        this.#remove(session, template);
        this.changed = true;
      }
      if (session.templates.size === 0 && nowMs - session.lastSeenAtMs > templateTtlMs) {
        this.#dropSession(key, session);
        this.changed = true;
      }
    }
    const expired = this.parking.expire(nowMs - parkTtlMs);
    if (expired === 0) return;
    this.changed = true;
    this.books.setsHeld(-expired);
    for (let i = 0; i < expired; i++) this.books.dropped("no_template_expired");
  }

  /** What is known of a session, as the API shows it. */
  status(session: Session): ExporterStatus {
    const { domain } = session;
    let optionsTemplates = 0;
    for (const { layout } of session.templates.values()) if (layout.options) optionsTemplates++;
    const sampling: ExporterStatus["sampling"] = [...domain.samplers].map(([sampler, rate]) => ({ sampler, rate }));
    const others = new Set([
      domain.defaultRate || session.headerRate,
      session.recordRate,
      ...domain.interfaceRates.values(),
    ]);
    for (const rate of others) if (rate > 0) sampling.push({ sampler: null, rate });
    return {
      exporter: this.text,
      version: session.version,
      observation_domain: domain.id,
      source_port: session.sourcePort,
      first_seen_at_ms: session.firstSeenAtMs,
      last_seen_at_ms: session.lastSeenAtMs,
      templates: session.templates.size,
      options_templates: optionsTemplates,
      sampling,
      sampling_source: session.samplingSource,
      clock_offset_ms: session.clockOffsetMs,
      clock_off: Math.abs(session.clockOffsetMs) > this.#options.clockToleranceMs,
      interfaces: domain.statusInterfaces,
      name: domain.name,
    };
  }
}
