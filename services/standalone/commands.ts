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
    load: async () => (await import("./start.ts")).start,
  },
  {
    name: "demo",
    says: "the platform fed with a simulated day and real captures",
    load: async () => (await import("./demo.ts")).demo,
  },
];

export function commandHelp(): string {
  const lines = COMMANDS.map(({ name, says }) => `  ${name.padEnd(10)}${says}`);
  return `v6meter: how IPv6 grows in a province, from routers' flow exports\n\n  v6meter COMMAND [--help]\n\n${lines.join("\n")}\n`;
}
