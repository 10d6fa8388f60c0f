// Faults over TLS, in processes that trust the server's certificate. They end by themselves.
import { CLIENTS } from "./clients.js";
import { describe, expect, it } from "vitest";
import { runProcess } from "../../scripts/faults/process.js";

describe.concurrent("over TLS nothing is lost, and all goes on", () => {
  it.each(CLIENTS)("connections are reset, in handshakes too: $name", async ({ name }) => {
    const { broken, outcome } = await runProcess({ fault: "reset, TLS", client: name, messages: 200, isQuick: true });
    expect(broken).toEqual([]);
    expect(outcome?.account).toMatchObject({ sent: 200, handled: 200, deleted: 200, lost: 0 });
  });
});
