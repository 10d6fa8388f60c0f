// `npm run sqs`: says where it listens, serves its queues, and ends at Ctrl-C with what it has counted.
import { SendMessageCommand, SQS, SQSClient } from "@aws-sdk/client-sqs";
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
    expect(output).toContain("Messages: 1 sent, 0 received, 0 deleted, 0 dead letters.");
  });

  it("makes FIFO queues, and a dead-letter queue of their type", async () => {
    await using program = new Program(
      SERVER,
      "--port",
      "0",
      "--queue",
      "steps.fifo",
      "--dead-letter-queue",
      "dead.fifo",
      "--max-receive-count",
      "1",
    );
    await program.hasWritten(/Ctrl-C ends it/);
    const [, QueueUrl = ""] = /queue {2}(\S+\/steps\.fifo)\n/.exec(program.output) ?? [];
    const [, deadLetterUrl = ""] = /dead-letter queue {2}(\S+\/dead\.fifo)\n/.exec(program.output) ?? [];
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const client = new SQS({ endpoint: new URL(QueueUrl).origin, region: "us-east-1", credentials });
    for (const MessageBody of ["first", "second"]) {
      await client.sendMessage({ QueueUrl, MessageBody, MessageGroupId: "steps" });
    }
    await client.receiveMessage({ QueueUrl, VisibilityTimeout: 0 });
    expect((await client.receiveMessage({ QueueUrl })).Messages).toMatchObject([{ Body: "second" }]);
    const dead = await client.receiveMessage({ QueueUrl: deadLetterUrl });
    expect(dead.Messages).toMatchObject([{ Body: "first" }]);
    client.destroy();
  });

  it.each([
    ["steps.fifo", "dead", "a FIFO one, whose name ends in .fifo"],
    ["orders", "dead.fifo", "a standard one"],
  ])("refuses for %s the dead-letter queue %s", async (queue, deadLetterQueue, needed) => {
    const { exitCode, errorOutput } = await runProgram(
      SERVER,
      "--port",
      "0",
      "--queue",
      queue,
      "--dead-letter-queue",
      deadLetterQueue,
    );
    expect(exitCode).toBe(2);
    expect(errorOutput).toContain(`The queue "${queue}" needs a --dead-letter-queue of its own type: ${needed}.`);
  });

  it("says what is wrong with an option, and how it is used", async () => {
    const { exitCode, errorOutput } = await runProgram(SERVER, "--port", "abc");
    expect(exitCode).toBe(2);
    expect(errorOutput).toContain('--port must be a whole number from 0 to 65535, not "abc".');
    expect(errorOutput).toContain("Usage: npm run sqs");
  });
});
