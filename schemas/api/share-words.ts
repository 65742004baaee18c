/** What a traffic share can be grouped and filtered by. */
export const SHARE_DIMENSIONS = [
  "region",
  "operator",
  "access",
  "direction",
  "technology",
  "observation_point",
  "exporter",
] as const;
export type ShareDimension = (typeof SHARE_DIMENSIONS)[number];

/** Widths of the rows of a traffic share in time; 1d and 1mo are cut in Asia/Shanghai. */
export const SHARE_INTERVALS = ["5m", "1h", "1d", "1mo"] as const;
