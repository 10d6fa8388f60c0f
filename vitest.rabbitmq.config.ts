// The tests against a real RabbitMQ, which `npm test` leaves out: they need Debian's rabbitmq-server.
import { defineConfig, mergeConfig, type ViteUserConfig } from "vitest/config";
import base from "./vitest.config.js";

const config: ViteUserConfig = mergeConfig(
  { ...base, test: { ...base.test, projects: undefined } },
  defineConfig({
    test: {
      name: "rabbitmq",
      include: ["test/rabbitmq/**/*.test.ts"],
      globalSetup: "./test/rabbitmq/start-broker.ts",
      testTimeout: 60_000,
      hookTimeout: 90_000,
      // One broker for all, and some tests close all of its connections.
      fileParallelism: false,
    },
  }),
);

export default config;
