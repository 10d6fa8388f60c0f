// What inThreads cannot use is refused at once, with what was expected and what came.
import { availableParallelism } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import { OptionError } from "millrace";
import { inThreads } from "millrace/threads";
import { describe, expect, it } from "vitest";
import { resolveThreadsOptions } from "../../../src/threads/options.js";

const folder = new URL("../../support/thread-modules/", import.meta.url);
const module = new URL("plain.mjs", folder);

describe("the module", () => {
  it.each<[string, unknown, string]>([
    ["is missing", undefined, "expected the file: URL or the path of a module, got undefined"],
    ["is the handler itself", () => undefined, "expected the file: URL or the path of a module, got a function"],
    ["is an empty path", "", 'expected the file: URL or the path of a module, got ""'],
    ["is on the web", new URL("https://example.com/resize.js"), "expected the file: URL or the path of a module, got"],
    ["is a URL as text that is none", "file:no", "expected a file that exists"],
    ["does not exist", new URL("resize.js", folder), "expected a file that exists, got"],
    ["is a folder", folder, "expected a file that exists, got"],
  ])("%s", (_what, given, text) => {
    expect(() => inThreads(given as URL)).toThrow(OptionError);
    expect(() => inThreads(given as URL)).toThrow(`Option module: ${text}`);
  });

  it("is taken from the working directory when it is a path", () => {
    expect(resolveThreadsOptions("test/support/thread-modules/plain.mjs", {}).moduleUrl).toBe(module.href);
  });

  it.each([[module], [module.href], [fileURLToPath(module)]])("can be given as %s", (given) => {
    expect(resolveThreadsOptions(given, {}).moduleUrl).toBe(module.href);
  });

  it("is the TypeScript beside it while the JavaScript is not built", () => {
    const built = new URL("wishes.js", folder);
    expect(resolveThreadsOptions(built, {}).moduleUrl).toBe(
      pathToFileURL(fileURLToPath(new URL("wishes.ts", folder))).href,
    );
  });
});

describe("options", () => {
  it.each<[string, object, string]>([
    ["out of range", { maxThreads: 0 }, "Option maxThreads: expected a whole number from 1 to 1024, got 0."],
    [
      "more at least than at most",
      { maxThreads: 2, minThreads: 3 },
      "Option minThreads: expected a whole number from 0 to 2",
    ],
    ["not a number", { idleTimeoutMs: "1s" }, 'Option idleTimeoutMs: expected a number from 1 to 86400000, got "1s".'],
    ["too long", { abortGraceMs: 60_001 }, "Option abortGraceMs: expected a number from 0 to 60000, got 60001."],
    ["too small", { maxHeapMb: 1 }, "Option maxHeapMb: expected a number of at least 16, got 1."],
    ["not a list", { execArgv: "--import tsx" }, "Option execArgv: expected an array of strings"],
    ["unknown", { threads: 2 }, "Option threads: expected one of the options of inThreads"],
  ])("%s", (_what, options, text) => {
    expect(() => inThreads(module, options)).toThrow(OptionError);
    expect(() => inThreads(module, options)).toThrow(text);
  });

  it("have their defaults", () => {
    expect(resolveThreadsOptions(module, {})).toEqual({
      moduleUrl: module.href,
      maxThreads: availableParallelism(),
      minThreads: 0,
      idleTimeoutMs: 10_000,
      abortGraceMs: 500,
      maxHeapMb: Infinity,
      execArgv: undefined,
    });
  });
});
