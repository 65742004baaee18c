import type { api } from "@v6meter/schemas";
import { defineComponent } from "vue";
import { useRouter } from "vue-router";
import { t } from "../messages/index.ts";
import { figure } from "../names/format.ts";
import { nameOf, registry } from "../names/names.ts";

const STEPS = 5;

/** Regions that the map has no tile for, such as the province itself, stand in the row below it. */
function places() {
  const tiles = registry.value.regions.flatMap(({ code, tile }) =>
    tile ? [{ code, column: tile[0], row: tile[1] }] : [],
  );
  return { tiles, rows: Math.max(0, ...tiles.map(({ row }) => row)) + 1 };
}

/** The cities as tiles where the registry lays them: a button each, coloured by the figure, with the figure on it. */
export const TileMap = defineComponent(
  (props: { figures: api.IndicatorFigures; period: string }) => {
    const router = useRouter();
    return () => {
      const { rows, indicator } = props.figures;
      const of = new Map(rows.map((row) => [row.region, row]));
      const { tiles, rows: height } = places();
      const shown = tiles.map(({ code }) => of.get(code)?.value).filter((it): it is number => typeof it === "number");
      const [least, most] = [Math.min(...shown), Math.max(...shown)];
      const step = (value: number) =>
        most === least ? 2 : Math.min(STEPS - 1, Math.floor(((value - least) / (most - least)) * STEPS));
      const others = rows.filter(({ region }) => !tiles.some(({ code }) => code === region));
      return (
        <div class="tiles">
          {[
            ...tiles,
            ...others.map(({ region }, index) => ({ code: region ?? "unknown", column: index, row: height })),
          ].map(({ code, column, row }) => {
            const found = of.get(code);
            const value = found?.value;
            const text = found?.suppressed ? t("users.suppressed") : figure(value, indicator.unit);
            const name = nameOf("region", code);
            return (
              <button
                key={code}
                type="button"
                class={["tile", typeof value === "number" ? `step-${row === height ? 0 : step(value)}` : "none"]}
                style={{ gridColumn: String(column + 1), gridRow: String(row + 1) }}
                data-region={code}
                onClick={() =>
                  void router.push({ name: "traffic", query: { region: code, by: "operator", period: props.period } })
                }
              >
                <b>{name}</b>
                <span>{text}</span>
                <span class="unseen"> {t("overview.tile")}</span>
              </button>
            );
          })}
        </div>
      );
    };
  },
  { props: ["figures", "period"] },
);
