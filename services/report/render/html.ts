import { createHash } from "node:crypto";
import {
  isNumeric,
  pathOfCell,
  type ReportBlock,
  type ReportCell,
  type ReportChart,
  type ReportDocument,
  type ReportTable,
  type ReportTiles,
  rowsOnPages,
} from "@v6meter/schemas";
import { chartSvg, INK, sizeOf } from "./chart.ts";
import { SHADES, STYLE } from "./html-style.ts";

const CHART_WIDTH = 860;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");
/** Nothing is loaded and nothing runs; the one style sheet is told by its hash. */
export const HTML_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'`;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text that stands between tags or in a quoted attribute. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (it) => ENTITIES[it] as string);
}

/** One page that needs nothing beside it. */
export function renderHtml(document: ReportDocument): Uint8Array {
  const { title, subtitle, sections, labels, lang } = document;
  const name = `${escaped(title)} ${escaped(subtitle)}`;
  const contents = sections
    .map(({ id, number, title }) => `<li><a href="#${id}">${escaped(number + title)}</a></li>`)
    .join("");
  return Buffer.from(`<!doctype html>
<html lang="${lang === "zh" ? "zh-CN" : "en"}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${HTML_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${name}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p class="subtitle">${escaped(subtitle)}</p>
<dl>${document.facts.map(({ label, text }) => `<div><dt>${escaped(label)}</dt><dd>${escaped(text)}</dd></div>`).join("")}</dl>
${document.notices.length > 0 ? `<ul class="notices">${document.notices.map((it) => `<li>${escaped(it)}</li>`).join("")}</ul>` : ""}
<div class="headlines">${document.headlines.map(headline).join("")}</div>
<nav aria-label="${escaped(labels.contents)}"><ol>${contents}</ol></nav>
</header>
<main>
${sections.map((section) => `<section id="${section.id}">\n<h2>${escaped(section.number + section.title)}</h2>\n${section.blocks.map((block) => blockHtml(block, document)).join("\n")}\n</section>`).join("\n")}
</main>
</body>
</html>
`);
}

function headline({ name, cell, path, changes }: ReportDocument["headlines"][number]): string {
  const lines = changes.map(
    ({ label, cell }) => `<span>${escaped(label)} <b${classOf(cell)}>${escaped(cell.text)}</b></span>`,
  );
  return `<div class="headline"><span>${escaped(name)}</span><strong title="${escaped(path)}">${escaped(cell.text)}</strong>${lines.join("")}</div>`;
}

function blockHtml(block: ReportBlock, document: ReportDocument): string {
  switch (block.kind) {
    case "text":
      return block.tone === "warning"
        ? `<ul class="warning">${block.paragraphs.map((it) => `<li${titleOf(it.path)}>${escaped(it.text)}</li>`).join("")}</ul>`
        : block.paragraphs
            .map((it) => `<p class="${block.tone}"${titleOf(it.path)}>${escaped(it.text)}</p>`)
            .join("\n");
    case "table":
      return tableHtml(block, document);
    case "chart":
      return chartHtml(block, document);
    case "tiles":
      return tilesHtml(block, document);
  }
}

const titleOf = (path: string | undefined) => (path === undefined ? "" : ` title="${escaped(path)}"`);

function classOf({ tone, shade }: ReportCell, number = false): string {
  const names = [
    ...(number ? ["n"] : []),
    ...(tone ? [tone] : []),
    ...(shade === undefined ? [] : [`s${Math.round(shade * SHADES)}`]),
  ];
  return names.length > 0 ? ` class="${names.join(" ")}"` : "";
}

/** The questions behind a block, for whoever wants to ask again. */
function sources(paths: readonly (string | undefined)[], { labels }: ReportDocument): string {
  const all = [...new Set(paths.filter((path) => path !== undefined))];
  if (all.length === 0) return "";
  const list = all.map((path) => `<code>${escaped(path)}</code>`).join(" ");
  return `<details><summary>${escaped(labels.source)}</summary>${list}</details>`;
}

function tableHtml(table: ReportTable, document: ReportDocument): string {
  const { columns, note, title, id } = table;
  const rows = rowsOnPages(table);
  const numeric = columns.map((_, at) => isNumeric(table, at));
  const head = columns
    .map((it, at) => `<th scope="col"${numeric[at] ? ' class="n"' : ""}>${escaped(it.title)}</th>`)
    .join("");
  const body = rows.map(
    ({ cells }, r) =>
      `<tr>${cells
        .map(
          (cell, c) => `<td${classOf(cell, numeric[c])}${titleOf(pathOfCell(table, r, c))}>${escaped(cell.text)}</td>`,
        )
        .join("")}</tr>`,
  );
  const paths = rows.flatMap(({ cells }, r) => cells.map((_, c) => pathOfCell(table, r, c)));
  return `<figure id="${id}"><div class="scroll"><table><caption>${escaped(title)}</caption><thead><tr>${head}</tr></thead><tbody>
${body.join("\n")}
</tbody></table></div>${note ? `<p class="note">${escaped(note)}</p>` : ""}${sources(paths, document)}</figure>`;
}

/** The drawing takes the page's colours, so that it is readable in the dark. */
function chartHtml(chart: ReportChart, document: ReportDocument): string {
  const svg = chartSvg(chart, sizeOf(chart, CHART_WIDTH), "sans-serif")
    .replaceAll(INK.text, "var(--ink)")
    .replaceAll(INK.line, "var(--line)")
    .replace("<svg ", `<svg role="img" aria-label="${escaped(chart.title)}" `);
  const paths = chart.series.map(({ path }) => path);
  return `<figure id="${chart.id}"><figcaption>${escaped(chart.title)}</figcaption><div class="scroll">${svg}</div>${sources(paths, document)}</figure>`;
}

function tilesHtml(map: ReportTiles, document: ReportDocument): string {
  const rows = Array.from({ length: map.rows }, (_, row) => {
    const cells = Array.from({ length: map.columns }, (_, column) => {
      const tile = map.tiles.find((it) => it.column === column && it.row === row);
      if (!tile) return "<td></td>";
      return `<td${classOf(tile.cell, false)}><span>${escaped(tile.label)}</span><b>${escaped(tile.cell.text)}</b></td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<figure id="${map.id}"><table class="tiles"><caption>${escaped(map.title)}</caption><tbody>${rows.join("")}</tbody></table>${sources([map.path], document)}</figure>`;
}
