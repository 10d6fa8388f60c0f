// Builds and packs the package once for all tests in this folder, and lays it out as an install would.
//
//   alone/node_modules      millrace and its dependencies, nothing else
//   withSdk/node_modules    the same, the SDK, and the types of Node
//   withThreads/…           the same as alone, and piscina
//   withDirect/…            the same as withSdk, and undici
//
// Dependencies are links to the ones of this repository, so that no test needs a registry.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the packed tarball lies. */
    tarball: string;
    /** An installation of millrace with its own dependencies only. */
    alone: string;
    /** An installation with the SDK and `@types/node` beside it. */
    withSdk: string;
    /** An installation with piscina beside it. */
    withThreads: string;
    /** An installation with the SDK and undici beside it. */
    withDirect: string;
  }
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

const repository = process.cwd();

export function setup({ provide }: TestProject): () => void {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-package-")));
  const tarball = pack(folder);
  provide("tarball", tarball);
  provide("alone", install(join(folder, "alone"), tarball, []));
  provide("withSdk", install(join(folder, "with-sdk"), tarball, ["@aws-sdk/client-sqs", "@types/node"]));
  provide("withThreads", install(join(folder, "with-threads"), tarball, ["piscina"]));
  provide("withDirect", install(join(folder, "with-direct"), tarball, ["@aws-sdk/client-sqs", "undici"]));
  return () => rmSync(folder, { recursive: true, force: true });
}

function pack(destination: string): string {
  const options = { cwd: repository, encoding: "utf8", shell: process.platform === "win32" } as const;
  execFileSync("npm", ["run", "--silent", "build"], { ...options, stdio: "inherit" });
  const printed = execFileSync(
    "npm",
    ["pack", "--silent", "--ignore-scripts", "--pack-destination", destination],
    options,
  );
  return join(destination, printed.trim().split("\n").at(-1) ?? "");
}

function install(folder: string, tarball: string, extras: readonly string[]): string {
  const modules = join(folder, "node_modules");
  const own = join(modules, "millrace");
  mkdirSync(own, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  execFileSync("tar", ["-xzf", tarball, "-C", own, "--strip-components", "1"]);
  for (const name of closure([...dependenciesOf(own), ...extras])) link(modules, name);
  return folder;
}

function dependenciesOf(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  return Object.keys(manifest.dependencies ?? {});
}

/** The packages named, and all that they depend on. */
function closure(names: readonly string[]): Set<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    for (const dependency of dependenciesOf(join(repository, "node_modules", name))) visit(dependency);
  };
  for (const name of names) visit(name);
  return found;
}

function link(modules: string, name: string): void {
  const from = join(modules, name);
  mkdirSync(dirname(from), { recursive: true });
  if (!existsSync(from)) symlinkSync(join(repository, "node_modules", name), from, "junction");
}
