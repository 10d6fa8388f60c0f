// The ledger of the soak: what is lost, and what was deleted before it was handled, must not go unnoticed.
import type { JournalEvent } from "millrace/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { createFinishes, type Finishes, noteFinish, ServiceLedger } from "../../../scripts/soak/ledger.js";

const MOST = 10;
const RECEIPT = "AQEB";

function idOf(number: number): string {
  return `a087eaf3-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

describe("a soak's ledger", () => {
  let ledger: ServiceLedger;
  let finishes: Finishes;

  beforeEach(() => {
    ledger = new ServiceLedger("soak", MOST);
    finishes = createFinishes(MOST);
  });

  const note = (number: number, event: JournalEvent, queueName = "soak"): void =>
    ledger.note({ ...event, messageId: idOf(number), queueName, atMs: 0 });
  const send = (number: number): void => note(number, { kind: "sent" });
  const finish = (number: number): void => noteFinish(finishes, idOf(number));
  const remove = (number: number, isEffective = true): void =>
    note(number, { kind: "deleted", receiptHandle: RECEIPT, isEffective });

  it("finds nothing wrong with a message that is handled and then deleted", () => {
    send(1);
    finish(1);
    remove(1);
    expect(ledger.account(finishes)).toEqual({
      sent: 1,
      deleted: 1,
      redriven: 0,
      lost: 0,
      deletedUnhandled: 0,
      handledTwice: 0,
    });
  });

  it("counts a message as lost that is neither deleted nor redriven", () => {
    for (const number of [1, 2, 3]) send(number);
    note(2, { kind: "redriven", toQueueName: "dead" });
    finish(3);
    remove(3, false);
    expect(ledger.account(finishes)).toMatchObject({ sent: 3, redriven: 1, lost: 2 });
  });

  it("notices a message that is deleted and never handled, or handled only afterwards", () => {
    for (const number of [1, 2]) send(number);
    remove(1);
    remove(2);
    finish(2);
    expect(ledger.account(finishes)).toMatchObject({ deletedUnhandled: 2 });
  });

  it("counts by the first delete: a message may come again after it", () => {
    send(1);
    finish(1);
    remove(1);
    finish(1);
    remove(1);
    expect(ledger.account(finishes)).toMatchObject({ deleted: 1, deletedUnhandled: 0, handledTwice: 1 });
  });

  it("leaves other queues out", () => {
    note(1, { kind: "sent" }, "dead");
    expect(ledger.account(finishes).sent).toBe(0);
  });

  it("refuses more messages than it has room for", () => {
    expect(() => send(MOST)).toThrow("message 10 of at most 10");
    expect(() => finish(MOST)).toThrow("message 10 of at most 10");
  });
});
