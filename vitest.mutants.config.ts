// The tests with one defect put into the source, the one that the variable MUTANT names, or with none when it is empty:
// `npm run mutants`.
import { fileURLToPath } from "node:url";
import { defineConfig, mergeConfig, type ViteUserConfig } from "vitest/config";
import { mutate } from "./test/mutants/mutant.js";
import { MUTANTS } from "./test/mutants/mutants.js";
import base from "./vitest.config.js";

const wanted = process.env["MUTANT"];
const mutant = MUTANTS.find(({ name }) => name === wanted);
if (mutant === undefined && wanted !== "") throw new Error("MUTANT must name a mutant of test/mutants, or be empty");
const mutatedFile = mutant && fileURLToPath(new URL(`src/${mutant.file}`, import.meta.url));

const search = {
  extends: true as const,
  test: { name: "search", include: ["test/mutants/search.test.ts"], testTimeout: 300_000 },
};

const config: ViteUserConfig = mergeConfig(
  { ...base, test: { ...base.test, projects: [...(base.test?.projects ?? []), search] } },
  defineConfig({
    plugins: [
      {
        name: "mutant",
        enforce: "pre",
        transform: (code, id) =>
          mutant !== undefined && id.split("?")[0] === mutatedFile ? mutate(code, mutant) : undefined,
      },
    ],
  }),
);

export default config;
