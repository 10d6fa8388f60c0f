// squiss-ts (github.com/PruvoNet/squiss-ts). Its ways are the least number of free places for which it asks.
import { loadPeer } from "../support/peers.js";
import { type ReceivedMessage, type StartSubject, tell } from "./subject.js";

interface SquissMessage {
  readonly raw: ReceivedMessage;
  del(): Promise<void>;
}

interface SquissModule {
  readonly Squiss: new (options: Record<string, unknown>) => {
    on(name: "message", listener: (message: SquissMessage) => void): void;
    on(name: "error", listener: (error: Error) => void): void;
    start(): Promise<void>;
    stop(): Promise<boolean>;
  };
}

export const start: StartSubject = async ({ queueUrl, concurrency, way }, handle) => {
  const { Squiss } = await loadPeer<SquissModule>("squiss-ts");
  const squiss = new Squiss({
    queueUrl,
    awsConfig: {},
    bodyFormat: "plain",
    receiveBatchSize: 10,
    maxInFlight: concurrency,
    ...(way === "default" ? {} : { minReceiveBatchSize: Number(way) }),
  });
  const settle = async (message: SquissMessage): Promise<void> => {
    await handle(message.raw);
    await message.del();
  };
  squiss.on("message", (message) => void settle(message));
  squiss.on("error", tell);
  await squiss.start();
  return {
    stop: async () => {
      await squiss.stop();
    },
  };
};
