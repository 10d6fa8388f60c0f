// What the main thread makes of a thread that answers and crashes, in whichever order it learns of the two.
import { describe, expect, it } from "vitest";
import type { FromThread, ThreadTask } from "../../../src/threads/protocol.js";
import { ThreadCall } from "../../../src/threads/thread-call.js";
import type { Threads } from "../../../src/threads/threads.js";
import { contextWith } from "../../support/threads.js";

const crash = new Error("later");

/** A thread that says these things and has crashed by the time that anybody listens. */
function crashingThread(...messages: readonly FromThread[]): Threads {
  const threads: Pick<Threads, "run"> = {
    run({ port }: ThreadTask) {
      for (const message of messages) port.postMessage(message);
      return { done: Promise.reject(crash), end: () => Promise.resolve() };
    },
  };
  return threads as Threads;
}

function createCall(): ThreadCall {
  const options = { moduleUrl: "file:///nowhere.js", abortGraceMs: 0 };
  return new ThreadCall(options, { message: "cat", context: contextWith() });
}

describe("a thread that has crashed", () => {
  it("after its answer: the answer counts, and the crash is told", async () => {
    const crashes: unknown[] = [];
    const thread = crashingThread({ kind: "started" }, { kind: "returned", value: 7 });
    expect(await createCall().run(thread, (error) => crashes.push(error))).toBe(7);
    expect(crashes).toEqual([crash]);
  });

  it("before its answer: its message fails, and nothing else is told", async () => {
    const crashes: unknown[] = [];
    const result = createCall().run(crashingThread({ kind: "started" }), (error) => crashes.push(error));
    await expect(result).rejects.toMatchObject({ code: "THREAD_CRASHED", cause: crash });
    expect(crashes).toEqual([]);
  });
});
