import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Applications and sites of the made-up province: `id, name, kind, owner`. */
const OBJECTS = [
  ["app_news", "新闻客户端", "News app", "application", "辽宁报业"],
  ["app_video", "视频客户端", "Video app", "application", "北方影视"],
  ["app_bank", "银行客户端", "Bank app", "application", "辽河银行"],
  ["app_quiet", "未报送应用", "Untold app", "application", "辽河软件"],
  ["site_shenyang", "沈阳市政府网站", "Site of Shenyang", "gov_site", "沈阳市政府办公室"],
  ["site_dalian", "大连市政府网站", "Site of Dalian", "gov_site", "大连市政府办公室"],
  ["site_press", "辽宁日报网站", "Site of the daily", "media", "辽宁报业"],
  ["site_steel", "钢铁集团网站", "Site of the steelworks", "soe", "鞍山钢铁"],
] as const;

/** `series, month, object, numerator, denominator`: bytes of IPv6 and of all, points and tests, things and all things. */
const FIGURES = [
  // News: 60 % and 40 % the month before; video: 75 % after 50 %; bank: 69.9 % after 90 %.
  ["app_concentration", "2026-10", "app_news", 600, 1_000],
  ["app_concentration", "2026-09", "app_news", 400, 1_000],
  ["app_concentration", "2026-10", "app_video", 750, 1_000],
  ["app_concentration", "2026-09", "app_video", 500, 1_000],
  ["app_concentration", "2026-10", "app_bank", 699, 1_000],
  ["app_concentration", "2026-09", "app_bank", 900, 1_000],
  ["v6_preference_share", "2026-10", "app_news", 45, 60],
  ["site_link_support", "2026-10", "app_news", 20, 20],
  // Shenyang: 85 points of two tests; Dalian: 90; the daily does not support IPv6; the steelworks was told of before only.
  ["site_score", "2026-10", "site_shenyang", 170, 2],
  ["site_score", "2026-09", "site_shenyang", 160, 2],
  ["site_score", "2026-10", "site_dalian", 90, 1],
  ["site_score", "2026-09", "site_dalian", 50, 1],
  ["site_score", "2026-10", "site_press", 0, 1],
  ["site_score", "2026-09", "site_steel", 10, 1],
  ["site_resolution_share", "2026-10", "site_shenyang", 100, 100],
  ["site_reach_share", "2026-10", "site_shenyang", 97, 100],
  ["site_link_support", "2026-10", "site_shenyang", 31, 50],
  ["site_resolution_share", "2026-10", "site_press", 0, 100],
] as const;

/** A folder of the catalogue with these objects and what units told of them; `more` applications below the limit. */
export function objectsFolder(more = 0): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "v6meter-objects-"));
  const others = Array.from({ length: more }, (_, n) => {
    const id = `app_more_${String(n).padStart(3, "0")}`;
    return [id, `应用${n}`, `App ${n}`, "application", "辽河软件"] as const;
  });
  const objects = [...OBJECTS, ...others].map(
    ([id, zh, en, kind, owner]) => `  - { id: ${id}, zh: ${zh}, en: ${en}, kind: ${kind}, owner: ${owner} }\n`,
  );
  writeFileSync(join(folder, "objects.yaml"), `objects:\n${objects.join("")}`);
  const figures = [
    ...FIGURES,
    ...others.map(([id], n) => ["app_concentration", "2026-10", id, 100 + n, 1_000] as const),
  ];
  writeFileSync(
    join(folder, "figures.csv"),
    `series,month,object,numerator,denominator\n${figures.map((it) => it.join(",")).join("\n")}\n`,
  );
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}
