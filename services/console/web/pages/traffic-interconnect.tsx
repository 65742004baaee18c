import type { api } from "@v6meter/schemas";
import { computed, defineComponent } from "vue";
import { useAnswer } from "../api/answer.ts";
import { Chart, tip } from "../chart/chart.tsx";
import type { Column } from "../chart/csv.ts";
import { Room } from "../chart/room.tsx";
import { t } from "../messages/index.ts";
import { percent, quantity } from "../names/format.ts";
import { nameOf } from "../names/names.ts";
import { isDark } from "../style/theme.ts";
import type { Period } from "../view/period.ts";
import { sankey } from "./traffic-charts.ts";

/** What operators send each other at direct-connect points: senders on the left, receivers on the right. */
export const TrafficInterconnect = defineComponent(
  (props: { period: Period; operators: readonly string[] }) => {
    const pairs = useAnswer<api.TrafficInterconnect>(() => ({
      path: "/api/v1/traffic/interconnect",
      parameters: { ...props.period, operator: props.operators },
    }));
    const option = computed(() => {
      void isDark.value;
      const links = (pairs.data?.rows ?? []).map(({ from_operator, to_operator, total_bytes }) => ({
        source: `from ${from_operator}`,
        target: `to ${to_operator}`,
        value: Number(total_bytes),
      }));
      return sankey(
        links,
        (name) => nameOf("operator", name.replace(/^(from|to) /, "")),
        tip((it) => quantity(it, "B")),
      );
    });
    const columns = (): Column<api.InterconnectRow>[] => [
      ...(["from_operator", "to_operator"] as const).map((name) => ({
        name,
        title: t(`traffic.${name}`),
        value: (it: api.InterconnectRow) => it[name],
        text: (it: api.InterconnectRow) => nameOf("operator", it[name]),
      })),
      ...(["v6", "v4", "total"] as const).map((name) => ({
        name: `${name}_bytes`,
        title: t(`word.${name}`),
        value: (it: api.InterconnectRow) => it[`${name}_bytes`],
        text: (it: api.InterconnectRow) => quantity(it[`${name}_bytes`], "B"),
      })),
      { name: "share", title: t("word.share"), value: (it) => it.share, text: (it) => percent(it.share) },
    ];
    return () => (
      <Room
        name="interconnect"
        wide
        title={t("traffic.interconnect")}
        definition={t("traffic.interconnectDefinition")}
        empty={t("traffic.noInterconnect")}
        answer={pairs}
        columns={columns()}
        rows={pairs.data?.rows ?? []}
      >
        {{ default: () => <Chart tall option={option.value} label={t("traffic.interconnect")} /> }}
      </Room>
    );
  },
  { props: ["period", "operators"] },
);
