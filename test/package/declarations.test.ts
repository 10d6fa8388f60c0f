// The packed types, as the compilers of users see them: with and without the types of Node and the SDK.
import { cpSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, inject, it } from "vitest";

const STRICT: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  noEmit: true,
  // The types of others are not ours to judge: see `complaintsAbout`.
  skipLibCheck: false,
  // What is linked into node_modules is to be found there, not where the link leads.
  preserveSymlinks: true,
};

/** What the compiler says about a program of a user's, and about our declarations behind it. */
function complaintsAbout(installation: string, program: string, options: ts.CompilerOptions): string[] {
  const file = join(installation, program);
  cpSync(join(import.meta.dirname, "consumer", program), file);
  const compiled = ts.createProgram([file], { ...STRICT, ...options });
  const ours = compiled.getSourceFiles().filter(({ fileName }) => {
    return fileName === file || fileName.includes("/node_modules/millrace/");
  });
  expect(ours.length).toBeGreaterThan(1);
  return [
    ...compiled.getOptionsDiagnostics(),
    ...ours.flatMap((source) => [
      ...compiled.getSyntacticDiagnostics(source),
      ...compiled.getSemanticDiagnostics(source),
    ]),
  ].map(({ file: at, messageText }) => {
    return `${at?.fileName.slice(installation.length + 1) ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}

describe("a program that uses millrace compiles", () => {
  it("with the SDK and the types of Node", () => {
    const options = { lib: ["lib.es2023.d.ts"], types: ["node"] };
    expect(complaintsAbout(inject("withSdk"), "queue.ts", options)).toEqual([]);
  });

  it("with the SDK and without the types of Node", () => {
    const options = { lib: ["lib.es2023.d.ts", "lib.dom.d.ts"], types: [] };
    expect(complaintsAbout(inject("withSdk"), "queue.ts", options)).toEqual([]);
  });

  it("with a runner of its own, and neither the SDK nor the types of Node", () => {
    const options = { lib: ["lib.es2023.d.ts", "lib.dom.d.ts"], types: [] };
    expect(complaintsAbout(inject("alone"), "runner.ts", options)).toEqual([]);
  });

  it("with handlers in threads, and without piscina", () => {
    const options = { lib: ["lib.es2023.d.ts", "lib.dom.d.ts"], types: [] };
    expect(complaintsAbout(inject("alone"), "threads.ts", options)).toEqual([]);
  });

  it("with the direct client and the SDK, and without undici and the types of Node", () => {
    const options = { lib: ["lib.es2023.d.ts", "lib.dom.d.ts"], types: [] };
    expect(complaintsAbout(inject("withSdk"), "direct.ts", options)).toEqual([]);
  });

  it("with the direct client and undici", () => {
    const options = { lib: ["lib.es2023.d.ts"], types: ["node"] };
    expect(complaintsAbout(inject("withDirect"), "direct-through-proxy.ts", options)).toEqual([]);
  });

  it("with a Lambda function, and neither the SDK nor the types of Node", () => {
    const options = { lib: ["lib.es2023.d.ts", "lib.dom.d.ts"], types: [] };
    expect(complaintsAbout(inject("alone"), "lambda.ts", options)).toEqual([]);
  });

  it("with a queue of RabbitMQ, and without amqplib and the types of Node", () => {
    const options = { lib: ["lib.es2023.d.ts", "lib.dom.d.ts"], types: [] };
    expect(complaintsAbout(inject("alone"), "rabbitmq.ts", options)).toEqual([]);
  });

  it("when it is bundled", () => {
    const options = {
      lib: ["lib.es2023.d.ts"],
      types: ["node"],
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
    };
    expect(complaintsAbout(inject("withSdk"), "testing.ts", options)).toEqual([]);
  });
});
