/** The blue of IPv6 on white, as strong as a cell's shade says; the words on it stay readable. */
export function tint(shade: number): string {
  const alpha = 0.04 + 0.45 * shade;
  const mixed = [0x0b, 0x63, 0xb0].map((channel) => Math.round(255 - (255 - channel) * alpha));
  return mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("");
}

/** Colours of words on paper, six hexadecimal digits. */
export const PAPER = {
  ink: "1f2933",
  soft: "5c6773",
  line: "c5ccd3",
  head: "e8eef4",
  accent: "0b63b0",
  good: "0b6e4f",
  bad: "b3261e",
  warning: "fdf3f2",
} as const;
