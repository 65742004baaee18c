/** Steps of tint a cell can have. */
export const SHADES = 10;

/** Tints of the blue of IPv6, as strong as a cell's shade says; the words on them stay readable. */
const shades = Array.from(
  { length: SHADES + 1 },
  (_, step) => `.s${step}{background:rgb(11 99 176/${(0.04 + step * 0.045).toFixed(3)})}`,
).join("");

/** The page's one style sheet: light and dark, wide and narrow, screen and A4. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#2b3440;--soft:#5c6773;--line:#d5dbe1;--paper:#fff;--card:#f5f7f9;--accent:#0b63b0;--good:#0b6e4f;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e4e8ec;--soft:#a3adb8;--line:#3a444f;--paper:#14191f;--card:#1d242c;--accent:#6db3f2;--good:#5fd3a8;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:960px;padding:24px 20px 64px;background:var(--paper);color:var(--ink);font:16px/1.7 system-ui,"Noto Sans SC","PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
h1{font-size:30px;line-height:1.3;margin:24px 0 0;color:var(--accent)}
h2{font-size:22px;margin:48px 0 12px;padding-bottom:6px;border-bottom:2px solid var(--accent)}
.subtitle{font-size:20px;color:var(--soft);margin:4px 0 20px}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(260px,1fr));gap:6px 24px;margin:0 0 20px}
dl div{display:flex;gap:10px}dt{color:var(--soft);white-space:nowrap}dd{margin:0}
.notices,.warning{border-left:4px solid var(--bad);background:var(--card);margin:16px 0;padding:10px 16px 10px 36px}
.headlines{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;margin:20px 0}
.headline{background:var(--card);border-top:3px solid var(--accent);padding:12px 14px;display:flex;flex-direction:column}
.headline span{color:var(--soft);font-size:14px}
.headline strong{font-size:26px;line-height:1.4;font-variant-numeric:tabular-nums}
nav ol{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:4px 20px}
a{color:var(--accent)}
figure{margin:24px 0}
figcaption,caption{font-weight:600;text-align:left;margin:0 0 6px;padding:0 0 6px}
.scroll{overflow-x:auto}
svg{max-width:100%;height:auto;display:block}
table{border-collapse:collapse;width:100%;font-size:14px;line-height:1.5}
th,td{border-bottom:1px solid var(--line);padding:5px 8px;text-align:left;vertical-align:top}
th{background:var(--card);font-weight:600}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.n+td:not(.n),.n+th:not(.n){padding-left:22px}
.good{color:var(--good)}.bad{color:var(--bad)}
.note{color:var(--soft);font-size:13px}
p.plain{margin:8px 0;text-indent:0}
.tiles{width:auto;table-layout:fixed}
.tiles td{width:104px;height:60px;text-align:center;border:3px solid var(--paper)}
.tiles td span{display:block;font-size:13px}.tiles td b{font-variant-numeric:tabular-nums}
@media screen and (max-width:700px){.scroll :is(td,th):not(.n){min-width:6em}}
details{font-size:12px;color:var(--soft)}code{overflow-wrap:anywhere;display:block}
${shades}
@media print{@page{size:A4;margin:18mm 15mm}body{max-width:none;padding:0;font-size:10.5pt}h2{break-after:avoid}figure,tr,.headline{break-inside:avoid}thead{display:table-header-group}details,nav{display:none}table{font-size:9pt}.s0,.s1,.s2,.s3,.s4,.s5,.s6,.s7,.s8,.s9,.s10{print-color-adjust:exact}}
`;
