/** One command of `v6meter`: loaded only when it is asked for. */
export interface Command {
  readonly name: string;
  readonly says: string;
  load(): Promise<(args: string[]) => Promise<number | undefined>>;
}

export const COMMANDS: readonly Command[] = [
  {
    name: "start",
    says: "the platform in one process: UDP in, API out (the default)",
    load: async () => (await import("./run.ts")).commandOf((await import("./app.ts")).APP),
  },
  {
    name: "demo",
    says: "the platform fed with a day of a simulated province and real captures",
    load: async () => (await import("./demo.ts")).demo,
  },
  {
    name: "collector",
    says: "in a process of its own: UDP to Kafka, by way of a spool on this disk",
    load: async () => (await import("./run.ts")).commandOf((await import("./collector-process.ts")).COLLECTOR),
  },
  {
    name: "accounting",
    says: "in a process of its own: RADIUS accounting and files of sessions to Kafka",
    load: async () => (await import("./run.ts")).commandOf((await import("./accounting-process.ts")).ACCOUNTING),
  },
  {
    name: "classifier",
    says: "in a process of its own: Kafka to the store; as many as wanted",
    load: async () => (await import("./run.ts")).commandOf((await import("./classifier-process.ts")).CLASSIFIER),
  },
  {
    name: "query",
    says: "in a process of its own: the API over the store",
    load: async () => (await import("./run.ts")).commandOf((await import("./query-process.ts")).QUERY),
  },
  {
    name: "store",
    says: "in a process of its own: the embedded store, served as ClickHouse over HTTP",
    load: async () => (await import("./run.ts")).commandOf((await import("./store-process.ts")).STORE),
  },
  {
    name: "report",
    says: "the monthly report as HTML, DOCX, PDF, XLSX, CSV and JSON",
    load: async () => (await import("./report.ts")).report,
  },
  {
    name: "submit",
    says: "a unit's figures of a month, handed in from a file",
    load: async () => (await import("./submit.ts")).submit,
  },
  {
    name: "key",
    says: "keys of the API and the SQL port: create, list, revoke",
    load: async () => (await import("./key.ts")).key,
  },
  {
    name: "audit",
    says: "the log of what people did: verify that it is whole",
    load: async () => (await import("./audit.ts")).audit,
  },
  {
    name: "repair",
    says: "after a kill of a ClickHouse server that is not replicated, before it starts again",
    load: async () => (await import("./repair.ts")).repair,
  },
];

export function commandHelp(): string {
  const lines = COMMANDS.map(({ name, says }) => `  ${name.padEnd(12)}${says}`);
  return `v6meter: how IPv6 grows in a province, from routers' flow exports\n\n  v6meter COMMAND [--help]\n\n${lines.join("\n")}\n`;
}
