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

/** What a network at the far side is called. */
const networkOf = (peer: string) => (peer === "other" ? t("traffic.others") : nameOf("operator", peer));

/** Who carries IPv6 to whom: operators of subscribers on the left, networks at the far side on the right. */
export const TrafficPeers = defineComponent(
  (props: { period: Period; operators: readonly string[] }) => {
    const peers = useAnswer<api.TrafficPeers>(() => ({
      path: "/api/v1/traffic/peers",
      parameters: { ...props.period, operator: props.operators, peers: "12" },
    }));
    const option = computed(() => {
      void isDark.value;
      const links = (peers.data?.rows ?? []).map(({ operator, peer, v6_bytes }) => ({
        source: `from ${operator}`,
        target: `to ${peer}`,
        value: Number(v6_bytes),
      }));
      const named = (name: string) =>
        name.startsWith("from ") ? nameOf("operator", name.slice(5)) : networkOf(name.slice(3));
      return sankey(
        links,
        named,
        tip((it) => quantity(it, "B")),
      );
    });
    const columns = (): Column<api.PeerRow>[] => [
      {
        name: "operator",
        title: t("word.operator"),
        value: (it) => it.operator,
        text: (it) => nameOf("operator", it.operator),
      },
      { name: "peer", title: t("traffic.peer"), value: (it) => it.peer, text: (it) => networkOf(it.peer) },
      ...(["v6", "v4", "total"] as const).map((name) => ({
        name: `${name}_bytes`,
        title: t(`word.${name}`),
        value: (it: api.PeerRow) => it[`${name}_bytes`],
        text: (it: api.PeerRow) => quantity(it[`${name}_bytes`], "B"),
      })),
      { name: "share", title: t("word.share"), value: (it) => it.share, text: (it) => percent(it.share) },
    ];
    return () => (
      <Room
        name="peers"
        wide
        title={t("traffic.peers")}
        definition={t("traffic.peersDefinition")}
        answer={peers}
        columns={columns()}
        rows={peers.data?.rows ?? []}
      >
        {{ default: () => <Chart tall option={option.value} label={t("traffic.peers")} /> }}
      </Room>
    );
  },
  { props: ["period", "operators"] },
);
