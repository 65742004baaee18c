import { startProvince } from "./console-province.ts";
import { writeFileSync } from "node:fs";
const { platform } = await startProvince();
writeFileSync("/tmp/h-conC/platform.json", JSON.stringify({ http: platform.http, key: platform.key, udp: platform.udp }));
console.log("ready", process.pid);
setInterval(() => {}, 1000);
