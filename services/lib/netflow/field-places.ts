import {
  DESTINATION_IPV4,
  DESTINATION_IPV6,
  MPLS_TOP_LABEL,
  NEXT_HOP_IPV4,
  NEXT_HOP_IPV6,
  SOURCE_IPV4,
  SOURCE_IPV6,
} from "./elements.ts";
import type { ExportVersion } from "./header.ts";
import type { Place } from "./place.ts";
import { type RecordLayout, VARIABLE_LENGTH } from "./template.ts";

/** One field of a variable-length record that is copied into a packed record. */
export interface PackedField {
  /** Index of the field in its layout. */
  readonly field: number;
  /** Where it goes in the packed record. */
  readonly to: number;
  readonly length: number;
  /** An integer is right-aligned; `exact` needs the very length; `pointer` says where the bytes are. */
  readonly form: "integer" | "exact" | "pointer";
}

const POINTER_LENGTH = 6;
const INTEGER_LENGTH = 8;
/** Elements that mean nothing in another length. */
const EXACT_LENGTHS = new Map([
  [SOURCE_IPV4, 4],
  [DESTINATION_IPV4, 4],
  [NEXT_HOP_IPV4, 4],
  [SOURCE_IPV6, 16],
  [DESTINATION_IPV6, 16],
  [NEXT_HOP_IPV6, 16],
  [MPLS_TOP_LABEL, 3],
]);

/**
 * Where the elements of a data layout are. In fixed-length records a place is an offset from the record's
 * begin. Records with variable-length fields are packed to one length first: every place that is asked
 * for becomes a field of the packed record. Fields of length 0 have no value and no place.
 */
export class FieldPlaces {
  readonly isPacked: boolean;
  readonly packed: PackedField[] = [];
  readonly #layout: RecordLayout;
  readonly #offsets: number[] = [];
  /** Fields that have a value, by enterprise and element. */
  readonly #occurrences = new Map<number, number[]>();
  readonly #packedPlaces = new Map<number, Place>();
  #packedLength = 0;

  constructor(layout: RecordLayout) {
    this.#layout = layout;
    this.isPacked = layout.variable;
    let offset = 0;
    for (let i = 0; i < layout.fieldCount; i++) {
      this.#offsets.push(offset);
      offset += layout.lengths[i] as number;
      if (layout.lengths[i] === 0 || layout.elements[i] === 0) continue;
      const key = (layout.enterprises[i] as number) * 65_536 + (layout.elements[i] as number);
      const fields = this.#occurrences.get(key);
      if (fields === undefined) this.#occurrences.set(key, [i]);
      else fields.push(i);
    }
  }

  get version(): ExportVersion {
    return this.#layout.version;
  }

  get stride(): number {
    return this.isPacked ? this.#packedLength : this.#layout.minLength;
  }

  /** The first occurrence of an element, of the given length where one is given. */
  first(enterprise: number, element: number, length?: number): Place | null {
    const field = this.#fields(enterprise, element, length)[0];
    return field === undefined ? null : this.#place(field);
  }

  /** The last occurrence: the one that is the record's (RFC 7011 §8). */
  last(enterprise: number, element: number, length?: number): Place | null {
    const field = this.#fields(enterprise, element, length).at(-1);
    return field === undefined ? null : this.#place(field);
  }

  /** The last occurrence of each of the elements that are there, in the order given. */
  all(enterprise: number, elements: readonly number[]): Map<number, Place> {
    const places = new Map<number, Place>();
    for (const element of elements) {
      const place = this.last(enterprise, element);
      if (place !== null) places.set(element, place);
    }
    return places;
  }

  /** Index of an element's last occurrence; -1 where it is not there. */
  order(element: number): number {
    return this.#fields(0, element).at(-1) ?? -1;
  }

  /** The place of a packet section: of its bytes, or in packed records of a pointer to them. */
  section(element: number): Place | null {
    const field = this.#fields(0, element).at(-1);
    if (field === undefined) return null;
    return this.isPacked ? this.#pack(field, POINTER_LENGTH, "pointer") : this.#place(field);
  }

  #fields(enterprise: number, element: number, length?: number): number[] {
    const found = this.#occurrences.get(enterprise * 65_536 + element) ?? [];
    if (length === undefined) return found;
    const { lengths } = this.#layout;
    return found.filter((field) => lengths[field] === length || lengths[field] === VARIABLE_LENGTH);
  }

  #place(field: number): Place {
    const length = this.#layout.lengths[field] as number;
    if (!this.isPacked) return { offset: this.#offsets[field] as number, length };
    if (length !== VARIABLE_LENGTH) return this.#pack(field, length, "exact");
    const exact = EXACT_LENGTHS.get(this.#layout.elements[field] as number);
    return exact === undefined ? this.#pack(field, INTEGER_LENGTH, "integer") : this.#pack(field, exact, "exact");
  }

  #pack(field: number, length: number, form: PackedField["form"]): Place {
    const known = this.#packedPlaces.get(field);
    if (known !== undefined) return known;
    const place = { offset: this.#packedLength, length };
    this.packed.push({ field, to: this.#packedLength, length, form });
    this.#packedLength += length;
    this.#packedPlaces.set(field, place);
    return place;
  }
}
