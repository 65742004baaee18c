import type { api } from "@v6meter/schemas";
import { computed, defineComponent } from "vue";
import { useAnswer } from "../api/answer.ts";
import { Chart, timeAxis, tip } from "../chart/chart.tsx";
import type { Column } from "../chart/csv.ts";
import { Room } from "../chart/room.tsx";
import { t } from "../messages/index.ts";
import { moment, quantity } from "../names/format.ts";
import { colour, isDark } from "../style/theme.ts";
import { useNow } from "../view/now.ts";
import { periodOf } from "../view/period.ts";

const STEP_S = 300;
const EVERY_MS = 10_000;

interface Rate {
  readonly at: string;
  readonly v6: number;
  readonly v4: number;
}

/** IPv4 and IPv6 of the last hour as rates; the latest interval grows as it comes in. */
export const LiveTraffic = defineComponent(() => {
  const nowMs = useNow(EVERY_MS);
  const live = useAnswer<api.TrafficShare>(
    () => ({ path: "/api/v1/traffic/share", parameters: { ...periodOf("1h", nowMs.value), interval: "5m" } }),
    { everyMs: EVERY_MS },
  );
  const rates = computed<Rate[]>(() =>
    (live.data?.rows ?? []).map(({ at = "", v6_bytes, v4_bytes }) => {
      const passedS = Math.min(STEP_S, Math.max(10, (nowMs.value - Date.parse(at)) / 1_000));
      return { at, v6: (Number(v6_bytes) * 8) / passedS, v4: (Number(v4_bytes) * 8) / passedS };
    }),
  );
  const option = computed(() => {
    void isDark.value;
    const line = (word: "v6" | "v4", of: string) => ({
      name: t(`word.${word}`),
      type: "line" as const,
      stack: "all",
      areaStyle: { opacity: 0.75 },
      showSymbol: rates.value.length < 3,
      color: colour(of),
      data: rates.value.map((it) => [Date.parse(it.at), it[word]] as [number, number]),
    });
    return {
      tooltip: {
        trigger: "axis" as const,
        formatter: tip(
          (it) => quantity(it, "bit/s"),
          (row) => moment((row.value as [number])[0]),
        ) as never,
      },
      xAxis: timeAxis(live.data?.period),
      yAxis: { type: "value" as const, axisLabel: { formatter: (it: number) => quantity(it, "bit/s") } },
      series: [line("v6", "v6"), line("v4", "v4-fill")],
    };
  });
  const columns: () => Column<Rate>[] = () => [
    { name: "at", title: t("word.at"), value: (it) => it.at, text: (it) => moment(it.at) },
    { name: "v6_bps", title: t("word.v6"), value: (it) => it.v6, text: (it) => quantity(it.v6, "bit/s") },
    { name: "v4_bps", title: t("word.v4"), value: (it) => it.v4, text: (it) => quantity(it.v4, "bit/s") },
  ];
  return () => (
    <Room
      name="live"
      title={t("overview.live")}
      definition={t("overview.liveDefinition")}
      answer={live}
      columns={columns()}
      rows={rates.value}
      completeness={live.data?.total.completeness ?? null}
    >
      {{ default: () => <Chart tall option={option.value} label={t("overview.live")} /> }}
    </Room>
  );
});
