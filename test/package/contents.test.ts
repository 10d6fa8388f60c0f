// What is in the tarball: all that a user needs, and nothing that only we do.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, inject, it } from "vitest";

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly peerDependenciesMeta: Record<string, { optional: boolean }>;
  readonly scripts: Record<string, string>;
}

const root = join(inject("alone"), "node_modules/millrace");
const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

describe("the tarball", () => {
  it("has the readme, the licence and the changelog", () => {
    expect(files).toEqual(expect.arrayContaining(["README.md", "LICENSE", "CHANGELOG.md"]));
  });

  it("has nothing beside them but the build and its sources", () => {
    const others = files.filter((file) => !/^(dist|src)\//.test(file));
    expect(others.toSorted()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
  });

  it("has no tests", () => {
    expect(files.filter((file) => /(^|\/)(test|tests|__tests__)\/|\.(test|test-d|spec)\./.test(file))).toEqual([]);
  });

  it("has every source its maps point at", () => {
    const missing = files
      .filter((file) => file.endsWith(".map"))
      .flatMap((file) => {
        const { sources } = JSON.parse(readFileSync(join(root, file), "utf8")) as { sources: string[] };
        return sources.map((source) => resolve(root, dirname(file), source)).filter((path) => !existsSync(path));
      });
    expect(missing).toEqual([]);
  });

  it("names no path of the machine it was built on", () => {
    const naming = files.filter((file) => readFileSync(join(root, file), "utf8").includes(process.cwd()));
    expect(naming).toEqual([]);
  });
});

describe("the manifest", () => {
  it("depends on three libraries, and asks for others only from those who use them", () => {
    expect(Object.keys(manifest.dependencies)).toEqual(["async-mutex", "eventemitter3", "p-queue"]);
    const optional = { optional: true };
    const peers = { "@aws-sdk/client-sqs": optional, amqplib: optional, piscina: optional, undici: optional };
    expect(manifest.peerDependenciesMeta).toEqual(peers);
  });

  it("runs nothing when it is installed", () => {
    expect(Object.keys(manifest.scripts)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(pre|post)?install$|^prepare$/)]),
    );
  });
});

describe("the tools that judge packages", () => {
  it("publint has nothing to say", () => {
    expect(() =>
      execFileSync("node_modules/.bin/publint", [inject("tarball"), "--strict"], { stdio: "pipe" }),
    ).not.toThrow();
  });

  it("are the types wrong? has nothing to say", () => {
    const options = ["--profile", "esm-only", "--no-color", "--no-emoji"];
    expect(() =>
      execFileSync("node_modules/.bin/attw", [inject("tarball"), ...options], { stdio: "pipe" }),
    ).not.toThrow();
  });
});
