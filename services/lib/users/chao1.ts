/** How often the subscribers of a sample were seen. */
export interface SeenCounts {
  readonly users: number;
  /** Of them, seen by exactly one sampled packet. */
  readonly once: number;
  /** By exactly two. */
  readonly twice: number;
}

/** What part was not seen, as a multiple of those seen. */
export interface UnseenShare {
  readonly share: number;
  /** Standard deviation of the share. */
  readonly deviation: number;
}

/** Below so many subscribers seen twice, chance decides. */
const MIN_SEEN_TWICE = 5;

/**
 * Chao1 (1984; the bias-corrected form and its variance as in EstimateS, appendix B): from those seen once
 * and twice, at least how many were there and not seen. A lower bound where subscribers differ, as they do.
 * Null where too few were seen to tell.
 */
export function unseenShare({ users, once, twice }: SeenCounts): UnseenShare | null {
  if (twice < MIN_SEEN_TWICE || users === 0) return null;
  const unseen = (once * (once - 1)) / (2 * (twice + 1));
  const variance =
    unseen +
    (once * (2 * once - 1) ** 2) / (4 * (twice + 1) ** 2) +
    (once ** 2 * twice * (once - 1) ** 2) / (4 * (twice + 1) ** 4);
  return { share: unseen / users, deviation: Math.sqrt(variance) / users };
}

/**
 * The part of users that sampling may have missed, at most, as a multiple of those seen: Chao1 with one more seen
 * once than were. It bounds an interval where the share itself is too small to be added; 0 where nobody of the
 * panel was sampled.
 */
export function missedShare({ users, once, twice }: SeenCounts): number {
  return users === 0 ? 0 : (once + 1) ** 2 / (2 * (twice + 1)) / users;
}
