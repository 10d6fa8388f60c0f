// `npm run sqs`: says where it listens, serves its queues, and ends at Ctrl-C with what it has counted.
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { Program, runProgram } from "../support/program.js";

const SERVER = "scripts/sqs-server.ts";

describe.concurrent("npm run sqs", () => {
  it("serves a queue until Ctrl-C, even if npm passes it on a second time", async () => {
    await using program = new Program(SERVER, "--port", "0", "--queue", "parcels");
    await program.hasWritten(/Ctrl-C ends it/);
    const [, QueueUrl = ""] = /queue {2}(\S+\/parcels)\n/.exec(program.output) ?? [];
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const client = new SQSClient({ endpoint: new URL(QueueUrl).origin, region: "us-east-1", credentials });
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: "a parcel" }));
    client.destroy();
    program.signal("SIGINT");
    program.signal("SIGINT");
    const { exitCode, output } = await program.ended();
    expect(exitCode).toBe(0);
    expect(output).toContain("Messages: 1 sent, 0 received, 0 deleted.");
  });

  it("says what is wrong with an option, and how it is used", async () => {
    const { exitCode, errorOutput } = await runProgram(SERVER, "--port", "abc");
    expect(exitCode).toBe(2);
    expect(errorOutput).toContain('--port must be a whole number from 0 to 65535, not "abc".');
    expect(errorOutput).toContain("Usage: npm run sqs");
  });
});
