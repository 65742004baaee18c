import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**", "data/**"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    // One more than the least machine has cores: tests of brokers, stores and kills wait for half of their time.
    maxWorkers: 3,
  },
});
