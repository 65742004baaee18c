/** One captured frame of either file format. */
export interface Frame {
  /** LINKTYPE_ number of the interface it was captured on. */
  readonly linkType: number;
  readonly atMs: number;
  /** The captured bytes, a view of the file; may be fewer than the frame had on the wire. */
  readonly bytes: Uint8Array;
  /** The file ended before the bytes its record announces. */
  readonly cut: boolean;
}

/** A record that announces more than this is taken for damage, not for a cut file (libpcap's MAXIMUM_SNAPLEN). */
export const MAX_FRAME_BYTES = 262_144;
