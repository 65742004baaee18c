import { runCommand } from "@v6meter/runtime";
import { COMMANDS, commandHelp } from "./commands.ts";

const [name = "start", ...rest] = process.argv.slice(2);
const asked = name.startsWith("-") ? ["start", ...process.argv.slice(2)] : [name, ...rest];
const command = COMMANDS.find((it) => it.name === asked[0]);

if (name === "--help" || name === "-h" || name === "help") {
  process.stdout.write(commandHelp());
} else if (!command) {
  process.stderr.write(
    `v6meter: no command ${JSON.stringify(name)}; there are ${COMMANDS.map((it) => it.name).join(", ")}.\n`,
  );
  process.exitCode = 64;
} else {
  await runCommand(`v6meter ${command.name}`, async () => (await command.load())(asked.slice(1)));
}
