import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadPopulation } from "@v6meter/exporter";
import { api } from "@v6meter/schemas";

/** Months before the running one, the oldest first. */
export function monthsBefore(nowMs: number, count: number): string[] {
  const now = new Date(nowMs + api.ZONE_OFFSET_MS);
  return Array.from({ length: count }, (_, back) =>
    api.monthText(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count + back) - api.ZONE_OFFSET_MS),
  );
}

/** The month so many months after the running one. */
export function monthAfter(nowMs: number, count: number): string {
  const now = new Date(nowMs + api.ZONE_OFFSET_MS);
  return api.monthText(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + count) - api.ZONE_OFFSET_MS);
}

const objects = `objects:
  - { id: video_site, zh: 辽视频, en: Liao Video, kind: application, category: 视频, owner: 省广播电视局, enterprise: 辽视, industry: 互联网, region: "210100", match: [{ prefix: "2400:3200::/32" }, { prefix: "47.92.0.0/14" }] }
  - { id: game_hall, zh: 北方游戏, en: Northern Games, kind: application, category: 游戏, owner: 省通信管理局, enterprise: 北方游戏, industry: 互联网, match: [{ prefix: "8.208.0.0/12" }, { prefix: "240b:4000::/32" }] }
  - { id: shenyang_gov, zh: 沈阳市人民政府网站, en: City of Shenyang, kind: gov_site, category: 市级, owner: 沈阳市人民政府, region: "210100", industry: 政务 }
  - { id: steel_works, zh: 鞍山钢铁网站, en: Anshan Steel, kind: soe, owner: 鞍山钢铁集团, enterprise: 鞍钢, industry: 冶金, region: "210300" }
`;

/** Targets of every standing: reached, on pace, off pace, missed and without a figure. */
const targets = (nowMs: number) => `targets:
  - { id: near_connections, zh: 活跃连接2000万, en: 20 million active, indicator: reported_active_connections, scope: provincial, value: 20000000, by: ${monthAfter(nowMs, 14)}, source: Plan of the province 2(1) }
  - { id: far_connections, zh: 活跃连接4000万, en: 40 million active, indicator: reported_active_connections, scope: provincial, value: 40000000, by: ${monthAfter(nowMs, 8)}, source: Plan of the province 2(2) }
  - { id: past_sites, zh: 政府网站全部支持（补课）, en: All government sites again, indicator: gov_site_share, scope: provincial, value: 1, by: ${monthAfter(nowMs, -3)}, source: Plan of the province 3 }
`;

/** What units have reported over the last 14 months, for the 14 cities, the operators and two objects. */
function reported(nowMs: number): string {
  const months = monthsBefore(nowMs, 14);
  const cities = loadPopulation().regions.map(({ code }) => code);
  const rows = months.flatMap((month, m) => [
    ...cities.flatMap((region, c) => {
      // Some cities overtake others from month to month, and one reports no sites.
      const sites = 30 + ((c * 7) % 13) + Math.floor(m * (1 + (c % 4) / 2));
      const routers = 200 + ((c * 37) % 90) + m * (4 + (c % 3) * 5);
      return [
        ...(c === 13 ? [] : [`gov_site_share,${month},${region},,,,,${Math.min(sites, 60)},60`]),
        `home_router_share,${month},${region},telecom,,,,${routers},1000`,
        `home_router_share,${month},${region},unicom,,,,${routers - 60},900`,
        `reported_active_connections,${month},${region},telecom,,,${800_000 + c * 20_000 + m * 24_000},,`,
      ];
    }),
    `man_ready_share,${month},,telecom,,,,${60 + m * 2},100`,
    `man_ready_share,${month},,unicom,,,,${70 + m},100`,
    `app_concentration,${month},,,video_site,互联网,,${500 + m * 20},1000`,
    `app_concentration,${month},,,game_hall,互联网,,${90 + m * 3},1000`,
    `site_link_support,${month},,,video_site,互联网,,${300 + m * 11},480`,
    `sector_system_share,${month},,,,冶金,,${20 + m},60`,
    `sector_system_share,${month},,,,政务,,${40 + m},60`,
  ]);
  return `series,month,region,operator,object,industry,value,numerator,denominator\n${rows.join("\n")}\n`;
}

/** A folder of a catalogue: objects in the flows of the province, targets, and reported figures. */
export function writeCatalogue(folder: string, nowMs: number): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "objects.yaml"), objects);
  writeFileSync(join(folder, "targets.yaml"), targets(nowMs));
  writeFileSync(join(folder, "reported.csv"), reported(nowMs));
}
