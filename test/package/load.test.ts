// The packed package, loaded by the Node that runs this test.
import { spawnSync } from "node:child_process";
import { describe, expect, inject, it } from "vitest";

/** What a program of a user's, run where millrace is installed, exits with and prints. */
function run(type: "module" | "commonjs", program: string): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`--input-type=${type}`, "--eval", program], {
    cwd: inject("alone"),
    encoding: "utf8",
    timeout: 20_000,
    env: {},
  });
  return { status, stdout, stderr };
}

const printNames = "console.log(JSON.stringify(Object.keys(all).filter((name) => name !== 'module.exports').sort()))";

describe.each([
  "millrace",
  "millrace/direct",
  "millrace/lambda",
  "millrace/rabbitmq",
  "millrace/testing",
  "millrace/threads",
])("%s", (name) => {
  const imported = run("module", `import * as all from "${name}"; ${printNames}`);

  it("can be imported, without the SDK, and lets the process end by itself", () => {
    expect(imported).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(imported.stdout)).not.toEqual([]);
  });

  it("can be required, and is the same", () => {
    const required = run("commonjs", `const all = require("${name}"); ${printNames}`);
    expect(required).toEqual(imported);
  });

  it("has no default export", () => {
    expect(JSON.parse(imported.stdout)).not.toContain("default");
  });

  it("prints nothing when it is loaded", () => {
    expect(run("module", `import "${name}";`)).toEqual({ status: 0, stdout: "", stderr: "" });
  });
});

it("gives away nothing that is not exported", () => {
  const { status, stderr } = run("module", `import "millrace/dist/errors.js";`);
  expect(status).not.toBe(0);
  expect(stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
});
