/** One template of a set: the bytes of a set that holds it alone, and what is known of it. */
export interface TemplateRecord {
  readonly id: number;
  readonly options: boolean;
  /** Length of a record; 0 for a template that has none. */
  readonly recordBytes: number;
  /** A template or options template flow set with this template alone (RFC 3954 §5.2, §6.1). */
  readonly set: Buffer;
}

const HEADER_BYTES = { data: 4, options: 6 } as const;

/** The templates of a v9 template flow set (id 0) or options template flow set (id 1); null when it does not parse. */
export function templateRecords(set: Buffer): TemplateRecord[] | null {
  const options = set.readUInt16BE(0) === 1;
  const headerBytes = options ? HEADER_BYTES.options : HEADER_BYTES.data;
  const found: TemplateRecord[] = [];
  let at = 4;
  // RFC 3954 §5.2: padding is shorter than the smallest template.
  while (at + headerBytes <= set.length) {
    const id = set.readUInt16BE(at);
    if (id < 256) return id === 0 && set.subarray(at).every((octet) => octet === 0) ? found : null;
    const fieldBytes = options ? set.readUInt16BE(at + 2) + set.readUInt16BE(at + 4) : 4 * set.readUInt16BE(at + 2);
    const end = at + headerBytes + fieldBytes;
    if (fieldBytes % 4 !== 0 || end > set.length) return null;
    let recordBytes = 0;
    for (let field = at + headerBytes; field < end; field += 4) recordBytes += set.readUInt16BE(field + 2);
    const alone = Buffer.allocUnsafe(4 + end - at);
    alone.writeUInt16BE(options ? 1 : 0, 0);
    alone.writeUInt16BE(alone.length, 2);
    set.copy(alone, 4, at, end);
    found.push({ id, options, recordBytes, set: alone });
    at = end;
  }
  return found;
}
