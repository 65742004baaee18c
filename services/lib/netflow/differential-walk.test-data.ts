/** What a walk over a datagram itself, without either decoder, says of it and of those before it. */
export interface Facts {
  /** Records that a v1, v5 or v7 header counts, and the bytes behind the header. */
  counted: number;
  bodyBytes: number;
  /** Sets of v9: id, length as it says, and bytes left in the datagram. */
  readonly sets: { id: number; length: number; left: number }[];
  /** Data whose template had not been sent before, in this datagram or waiting from an earlier one. */
  early: boolean;
  /** The template id of a data set is in use with another source id as well. */
  otherDomain: boolean;
  /** A template of this session's options template sets had others beside it in its set. */
  severalOptionsTemplates: boolean;
  paddedTemplates: boolean;
  /** Of the templates of the data sets: all lengths 0; one 65535; one 7; an element twice. */
  zeroLengthTemplate: boolean;
  variableLength: boolean;
  oddLength: boolean;
  repeatedElement: boolean;
}

/** A template as it was sent. */
interface SentTemplate {
  readonly elements: readonly number[];
  readonly lengths: readonly number[];
}

/** A literal walk over the sets of v9 datagrams (RFC 3954 §5): lengths, template ids and field specifiers. */
export class DatagramWalk {
  /** By session and source id, then by template id. */
  readonly #templates = new Map<string, Map<number, SentTemplate>>();
  /** Sessions with sets that wait for their template, and such that sent several options templates in a set. */
  readonly #waiting = new Set<string>();
  readonly #severalOptionsTemplates = new Set<string>();

  /** @param session names the exporter's address and source port */
  facts(datagram: Uint8Array, version: number, session: string): Facts {
    const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
    const facts: Facts = {
      counted: datagram.length >= 4 ? view.getUint16(2) : 0,
      bodyBytes: datagram.length - (version === 1 ? 16 : 24),
      sets: [],
      early: false,
      otherDomain: false,
      severalOptionsTemplates: false,
      paddedTemplates: false,
      zeroLengthTemplate: false,
      variableLength: false,
      oddLength: false,
      repeatedElement: false,
    };
    if (version !== 9 || datagram.length < 20) return facts;
    const domain = `${session} ${view.getUint32(16)}`;
    for (let at = 20; at + 4 <= datagram.length; ) {
      const [id, length, left] = [view.getUint16(at), view.getUint16(at + 2), datagram.length - at];
      facts.sets.push({ id, length, left });
      if (length < 4) break;
      const set = new DataView(view.buffer, view.byteOffset + at, Math.min(length, left));
      if (id < 2) this.#readTemplates(set, session, domain, facts);
      else if (id >= 256) this.#readData(id, session, domain, facts);
      at += length;
    }
    this.#remember(session, facts);
    return facts;
  }

  #readTemplates(set: DataView, session: string, domain: string, facts: Facts): void {
    const options = set.getUint16(0) === 1;
    const templates = this.#templates.get(domain) ?? new Map<number, SentTemplate>();
    this.#templates.set(domain, templates);
    let at = 4;
    let count = 0;
    while (at + (options ? 6 : 4) <= set.byteLength) {
      const begin = at + (options ? 6 : 4);
      const fieldBytes = options ? set.getUint16(at + 2) + set.getUint16(at + 4) : 4 * set.getUint16(at + 2);
      if (begin + fieldBytes > set.byteLength || set.getUint16(at) < 256) break;
      const specifiers = Array.from({ length: Math.floor(fieldBytes / 4) }, (_, field) => begin + 4 * field);
      templates.set(set.getUint16(at), {
        elements: specifiers.map((specifier) => set.getUint16(specifier)),
        lengths: specifiers.map((specifier) => set.getUint16(specifier + 2)),
      });
      at = begin + fieldBytes;
      count++;
    }
    if (!options && at < set.byteLength) facts.paddedTemplates = true;
    if (options && count > 1) this.#severalOptionsTemplates.add(session);
  }

  #readData(id: number, session: string, domain: string, facts: Facts): void {
    for (const [key, templates] of this.#templates)
      if (key.startsWith(`${session} `) && key !== domain && templates.has(id)) facts.otherDomain = true;
    const template = this.#templates.get(domain)?.get(id);
    if (template === undefined) {
      facts.early = true;
      return;
    }
    const { elements, lengths } = template;
    facts.zeroLengthTemplate ||= lengths.every((length) => length === 0);
    facts.variableLength ||= lengths.includes(0xffff);
    facts.oddLength ||= lengths.includes(7);
    facts.repeatedElement ||= new Set(elements).size < elements.length;
  }

  #remember(session: string, facts: Facts): void {
    // Sets that wait are decoded with the datagram that brings their template.
    const waiting = this.#waiting.has(session);
    if (facts.early) this.#waiting.add(session);
    else if (waiting && facts.sets.some(({ id }) => id < 2)) this.#waiting.delete(session);
    facts.early ||= waiting;
    facts.severalOptionsTemplates = this.#severalOptionsTemplates.has(session);
  }
}
