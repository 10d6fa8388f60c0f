// What ends a call: for those who wait for it, for a client of ours, and for one that takes a signal.
import { expect, test, vi } from "vitest";
import { Cancellation } from "../../../src/internal/cancellation.js";

const reason = new Error("over");
const never = new Promise<never>(() => undefined);

test("whoever waits is told at once, and with the first reason", async () => {
  const cancellation = new Cancellation();
  const waiting = cancellation.waitFor(never);
  cancellation.abort(reason);
  cancellation.abort(new Error("later"));
  await expect(waiting).rejects.toBe(reason);
});

test("without an end it is what was waited for", async () => {
  await expect(new Cancellation().waitFor(Promise.resolve(7))).resolves.toBe(7);
  await expect(new Cancellation().waitFor(Promise.reject(reason))).rejects.toBe(reason);
});

test("one that is over is not waited for, and what fails later fails for nobody", async () => {
  const cancellation = new Cancellation();
  cancellation.abort(reason);
  await expect(cancellation.waitFor(Promise.reject(new Error("later")))).rejects.toBe(reason);
  expect(cancellation.aborted).toBe(true);
});

test("the client that makes the call is told, unless it has left", () => {
  const [staying, leaving] = [{ handleEvent: vi.fn<() => void>() }, { handleEvent: vi.fn<() => void>() }];
  const [one, other] = [new Cancellation(), new Cancellation()];
  one.addEventListener("abort", staying);
  one.removeEventListener("abort", leaving);
  other.addEventListener("abort", leaving);
  other.removeEventListener("abort", leaving);
  one.abort(reason);
  other.abort(reason);
  expect(staying.handleEvent).toHaveBeenCalledOnce();
  expect(leaving.handleEvent).not.toHaveBeenCalled();
});

test("a request handler of the SDK is told, of whatever version", () => {
  const [newer, older] = [vi.fn<() => void>(), vi.fn<() => void>()];
  const cancellation = new Cancellation();
  cancellation.addEventListener("abort", newer);
  Object.assign(cancellation, { onabort: older });
  expect(cancellation.reason).toBeUndefined();
  cancellation.abort(reason);
  expect(cancellation.reason).toBe(reason);
  expect(newer).toHaveBeenCalledOnce();
  expect(older).toHaveBeenCalledOnce();
});

test("a listener that throws keeps nobody from being told", async () => {
  const cancellation = new Cancellation();
  const waiting = cancellation.waitFor(never);
  cancellation.addEventListener("abort", () => {
    throw new Error("a defect of somebody's");
  });
  cancellation.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

test("its signal is one, whenever it is asked for", () => {
  const cancellation = new Cancellation();
  const { signal } = cancellation;
  expect(signal.aborted).toBe(false);
  cancellation.abort(reason);
  expect(signal.reason).toBe(reason);
  expect(cancellation.signal).toBe(signal);
  const late = new Cancellation();
  late.abort(reason);
  expect(late.signal.reason).toBe(reason);
});
