// Runs the custom runtime against AWS's own Runtime Interface Emulator: `npm run test:lambda-rie`.
//
// Needs Go, which fetches the emulator's module and builds it once, into .cache/lambda-rie. Where there is no Go, or the
// module cannot be had, it says so and ends with 75: nothing was tested, and nothing has failed.
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MODULE = "github.com/aws/aws-lambda-runtime-interface-emulator";
const NOTHING_TESTED = 75;

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, ".cache", "lambda-rie");
const emulator = join(folder, "aws-lambda-rie");

function go(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync("go", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "inherit", "pipe"] });
}

function leaveOut(reason: string): never {
  console.log(`The Runtime Interface Emulator is left out: ${reason}`);
  process.exit(NOTHING_TESTED);
}

function buildEmulator(): void {
  if (existsSync(emulator)) return;
  mkdirSync(folder, { recursive: true });
  if (spawnSync("go", ["version"]).status !== 0) leaveOut("there is no go.");
  if (!existsSync(join(folder, "go.mod"))) go("mod", "init", "millrace/lambda-rie");
  const fetched = go("get", `${MODULE}/cmd/aws-lambda-rie@latest`);
  if (fetched.status !== 0) leaveOut(`go could not fetch its module.\n${fetched.stderr.trim()}`);
  const built = go("build", "-o", `${emulator}.new`, `${MODULE}/cmd/aws-lambda-rie`);
  if (built.status !== 0) throw new Error(`the emulator could not be built:\n${built.stderr}`);
  // Only what is complete gets the name that is looked for.
  renameSync(`${emulator}.new`, emulator);
}

buildEmulator();
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const { status } = spawnSync(process.execPath, [vitest, "run", "--project", "lambda-rie", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, LAMBDA_RIE: emulator },
});
process.exitCode = status ?? 1;
