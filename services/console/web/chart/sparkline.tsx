import type { FunctionalComponent } from "vue";

const WIDTH = 120;
const HEIGHT = 28;
const EDGE = 2;

/** A course without axes beside a figure that is told in words; gaps are left out. */
export const Sparkline: FunctionalComponent<{ values: readonly (number | null)[] }> = ({ values }) => {
  const shown = values.filter((it): it is number => it !== null);
  if (shown.length < 2) return null;
  const [least, most] = [Math.min(...shown), Math.max(...shown)];
  const at = (value: number, index: number) => {
    const x = EDGE + (index / (values.length - 1)) * (WIDTH - 2 * EDGE);
    const y = most === least ? HEIGHT / 2 : HEIGHT - EDGE - ((value - least) / (most - least)) * (HEIGHT - 2 * EDGE);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  };
  const points = values.flatMap((value, index) => (value === null ? [] : [at(value, index)]));
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" data-points={points.length}>
      <polyline points={points.join(" ")} />
    </svg>
  );
};
Sparkline.props = ["values"];
