// The layers of tests, each a project of its own, from the smallest to the packed package.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig, type TestProjectInlineConfiguration, type ViteUserConfig } from "vitest/config";

const root = fileURLToPath(new URL(".", import.meta.url));

interface Layer {
  readonly name: string;
  readonly testTimeoutMs: number;
  readonly globalSetup?: string;
  /** How many tests of a `describe.concurrent` run at once, if not five. */
  readonly maxConcurrency?: number;
}

const layers: readonly Layer[] = [
  { name: "unit", testTimeoutMs: 20_000 },
  { name: "contract", testTimeoutMs: 30_000 },
  { name: "simulation", testTimeoutMs: 120_000 },
  { name: "conformance", testTimeoutMs: 60_000 },
  { name: "integration", testTimeoutMs: 60_000 },
  { name: "crashes", testTimeoutMs: 120_000 },
  // They wait most of the time.
  { name: "faults", testTimeoutMs: 180_000, maxConcurrency: 12 },
  { name: "examples", testTimeoutMs: 60_000 },
  { name: "package", testTimeoutMs: 60_000, globalSetup: "./test/package/pack.ts" },
];

/** With a program of others, which their scripts get: `npm run test:lambda-rie`. */
const layersOfScripts: readonly Layer[] =
  "LAMBDA_RIE" in process.env ? [{ name: "lambda-rie", testTimeoutMs: 60_000 }] : [];

function project({ name, testTimeoutMs, globalSetup, maxConcurrency }: Layer): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: testTimeoutMs,
      hookTimeout: testTimeoutMs,
      ...(globalSetup === undefined ? {} : { globalSetup }),
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    },
  };
}

/** Compiled, not run: `expectTypeOf` and `@ts-expect-error` say what the public types allow. */
const types: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: "types",
    include: [],
    typecheck: {
      enabled: true,
      only: true,
      include: ["test/types/**/*.test-d.ts"],
      tsconfig: "./test/types/tsconfig.json",
    },
  },
};

const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^millrace$/, replacement: `${root}src/index.ts` },
      { find: /^millrace\/testing$/, replacement: `${root}src/testing/index.ts` },
      { find: /^millrace\/direct$/, replacement: `${root}src/direct/index.ts` },
      { find: /^millrace\/lambda$/, replacement: `${root}src/lambda/index.ts` },
      { find: /^millrace\/rabbitmq$/, replacement: `${root}src/rabbitmq/index.ts` },
      { find: /^millrace\/threads$/, replacement: `${root}src/threads/index.ts` },
    ],
  },
  test: {
    projects: [...[...layers, ...layersOfScripts].map(project), types],
    // Many tests wait for servers and clocks: on two cores one worker, the default there, would leave both idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary", "html"],
    },
  },
});

export default config;
