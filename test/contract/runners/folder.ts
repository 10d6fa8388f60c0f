// The runner of docs/custom-runners.md, as it stands there, as a subject of the runner contract: with real files and in
// real time.
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runner } from "millrace";
import { inRealTime, type RunnerSubject } from "millrace/testing";
import { loadSnippet } from "../../support/load-snippet.js";

interface FileJob {
  readonly name: string;
  readonly text: string;
}

const { FolderRunner } = await loadSnippet<{ FolderRunner: new (folder: string) => Runner<FileJob> }>(
  "docs/custom-runners.md",
  "class FolderRunner",
);

export const folderSubject: RunnerSubject<FileJob> = {
  traits: {
    hasDelays: true,
    hasDeadLetters: true,
    countsAttempts: true,
    canFail: true,
    failsOnlyWhenOpen: true,
    canBeMissing: true,
  },
  async createHarness() {
    const folder = await mkdtemp(join(tmpdir(), "millrace-folder-"));
    const path = (...parts: string[]): string => join(folder, ...parts);
    const count = async (state: string): Promise<number> => (await readdir(path(state)).catch(() => [])).length;
    let newFolder = "new";
    let sent = 0;
    await mkdir(path("new"));
    await writeFile(path("a-file"), "");
    return {
      until: inRealTime(),
      createRunner: () => new FolderRunner(folder),
      createRunnerWithoutSource: () => new FolderRunner(path("a-file", "jobs")),
      async send(bodies) {
        for (const body of bodies) {
          sent += 1;
          await writeFile(path(`job-${sent}`), body);
          await rename(path(`job-${sent}`), path(newFolder, `job-${sent}`)); // It is there when all of it is.
        }
      },
      bodyOf: ({ text }) => text,
      async look() {
        const [ready, held, dead] = await Promise.all([count(newFolder), count("running"), count("dead")]);
        return { ready, held, dead };
      },
      async fail() {
        if (newFolder !== "new") return;
        newFolder = "elsewhere";
        await rename(path("new"), path("elsewhere"));
      },
      async heal() {
        if (newFolder === "new") return;
        newFolder = "new";
        await rm(path("new"), { recursive: true, force: true }); // A start in the meantime has made it anew.
        await rename(path("elsewhere"), path("new"));
      },
      end: () => rm(folder, { recursive: true }),
    };
  },
};
