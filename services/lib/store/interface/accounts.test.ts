import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { SqlAccess } from "./access.ts";
import { Accounts } from "./accounts.ts";
import { LoginLimit } from "./login-limit.ts";

const request = { headers: {}, socket: { remoteAddress: "192.0.2.1" } } as unknown as IncomingMessage;
const login = (password: string) => new URLSearchParams({ user: "li", password });

function accountsOf(identify: (password: string) => Promise<boolean>, maxFailed = 3) {
  const limit = new LoginLimit({ maxFailed, refillMs: 3_600_000 });
  const access: Pick<SqlAccess, "identify" | "refused"> = {
    identify: async (name, password) => ((await identify(password)) ? { name, sight: "analyst" } : null),
    refused: async () => {},
  };
  return new Accounts([], limit, access as SqlAccess);
}

test("guesses that are sent side by side are as few as those sent one by one", async () => {
  let asked = 0;
  const accounts = accountsOf(async () => {
    asked++;
    await sleep(5);
    return false;
  });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => accounts.admit(request, login(`guess ${i}`))),
  );
  expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
  expect(asked).toBe(3);
});

test("a login that succeeds, and one that could not be told, cost nothing", async () => {
  const accounts = accountsOf(async (password) => {
    if (password === "unreachable") throw new Error("the issuer does not answer");
    return password === "right";
  }, 1);
  for (let i = 0; i < 5; i++) {
    await expect(accounts.admit(request, login("unreachable"))).rejects.toThrow("issuer");
    await expect(accounts.admit(request, login("right"))).resolves.toMatchObject({ name: "li", rights: "read" });
  }
});
