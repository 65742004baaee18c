import type { FunctionalComponent } from "vue";
import { percent } from "../names/format.ts";

const WIDTH = 100;
const HEIGHT = 26;
const MARGIN = 3;

/** A line without axes for shares over time, its last point marked; read out by its ends. */
export const Sparkline: FunctionalComponent<{ values: readonly (number | null)[]; label: string }> = ({
  values,
  label,
}) => {
  const known = values.flatMap((value, index) => (value === null ? [] : [{ value, index }]));
  const last = known.at(-1);
  if (last === undefined) return <span>—</span>;
  const [least, most] = [Math.min(...known.map(({ value }) => value)), Math.max(...known.map(({ value }) => value))];
  const place = ({ value, index }: { value: number; index: number }) => {
    const x = values.length === 1 ? WIDTH - MARGIN : MARGIN + (index / (values.length - 1)) * (WIDTH - 2 * MARGIN);
    const y =
      most === least ? HEIGHT / 2 : HEIGHT - MARGIN - ((value - least) / (most - least)) * (HEIGHT - 2 * MARGIN);
    return [x.toFixed(1), y.toFixed(1)] as const;
  };
  const [x, y] = place(last);
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label}: ${percent(known[0]?.value)} – ${percent(last.value)}`}
    >
      <polyline points={known.map((it) => place(it).join(",")).join(" ")} />
      <circle cx={x} cy={y} r="2.5" />
    </svg>
  );
};
Sparkline.props = ["values", "label"];
