export { type Ask, askUrl, faultOf } from "./ask.ts";
export { compose, type Gathered, gather } from "./compose.ts";
export { type DraftOptions, keepDrafts, saveReport, writeDrafts } from "./drafts.ts";
export { liveSource, type Source, sourceOf } from "./frozen.ts";
export { type Month, monthOf } from "./month.ts";
export { questions } from "./questions.ts";
export { render } from "./render/index.ts";
export { type ReportRoutesOptions, reportRoutes } from "./routes.ts";
export { loadTemplate } from "./template.ts";
