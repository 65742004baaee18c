/** What the editor says to people, in Chinese; its own words are English. */
export const ZH_PHRASES: Readonly<Record<string, string>> = {
  Completions: "补全",
  Diagnostics: "错误",
  "No diagnostics": "没有错误",
  close: "关闭",
  "Control character": "控制字符",
  "Selection deleted": "已删除所选内容",
  "current match": "当前匹配",
};
