// The loop over the SDK, with one setting of the client or another: what the default client is made of.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SQSClient,
  type SQSClientConfig,
} from "@aws-sdk/client-sqs";
import { type LoopCalls, startLoops } from "./loops.js";
import type { StartSubject } from "./subject.js";

const sockets = { requestHandler: { httpAgent: { maxSockets: 1_000, keepAlive: true } } } satisfies SQSClientConfig;

/** A class or function of millrace's own, which no entry point has. */
async function own<Value>(file: string, name: string): Promise<Value> {
  const found = (await import(pathToFileURL(resolve(`dist/${file}.js`)).href)) as Record<string, Value>;
  return found[name] as Value;
}

type Signer = NonNullable<Extract<SQSClientConfig["signer"], { sign: unknown }>>;
type Config = SQSClientConfig & { credentials?: unknown };

async function signed(config: Config): Promise<SQSClient> {
  const SdkSigner = await own<new (of: object) => Signer>("sqs/sdk-signer", "SdkSigner");
  const signer = new SdkSigner({
    credentials: () => client.config.credentials(),
    region: () => client.config.region(),
  });
  const client = new SQSClient({ ...config, signer });
  return client;
}

interface CallSignals {
  set(input: object, signal: AbortSignal): void;
}

function callsOf(
  receiving: SQSClient,
  removing: SQSClient,
  send = (input: ReceiveMessageCommandInput) => receiving.send(new ReceiveMessageCommand(input)),
): LoopCalls {
  return { receive: (input) => send(input), remove: (input) => removing.send(new DeleteMessageBatchCommand(input)) };
}

/** Each receive has a signal of which the client's request handler is told, and not its middleware. */
async function signalledApart(receiving: SQSClient, removing: SQSClient): Promise<LoopCalls> {
  const Signals = await own<new (client: SQSClient) => CallSignals>("sqs/call-signals", "CallSignals");
  const signals = new Signals(receiving);
  return callsOf(receiving, removing, (input) => {
    signals.set(input, new AbortController().signal);
    return receiving.send(new ReceiveMessageCommand(input));
  });
}

interface DefaultPort {
  readonly port: {
    receiveMessage(input: object, options: Readonly<Record<symbol, object>>): ReturnType<LoopCalls["receive"]>;
    deleteMessageBatch: LoopCalls["remove"];
  };
}

const LEAN: SQSClientConfig = { md5: false, cacheMiddleware: true, ...sockets };

/** By the setting's name. */
const SETTINGS: Readonly<Record<string, (queueUrl: string) => Promise<LoopCalls> | LoopCalls>> = {
  plain: () => alone(new SQSClient({})),
  md5: () => alone(new SQSClient({ md5: false })),
  sockets: () => alone(new SQSClient(sockets)),
  signer: async () => alone(await signed({})),
  cache: () => alone(new SQSClient({ cacheMiddleware: true })),
  lean: () => alone(new SQSClient(LEAN)),
  "lean-signals": () => {
    const receiving = new SQSClient(LEAN);
    return callsOf(receiving, new SQSClient(LEAN), (input) =>
      receiving.send(new ReceiveMessageCommand(input), { abortSignal: new AbortController().signal }),
    );
  },
  "lean-apart": () => signalledApart(new SQSClient(LEAN), new SQSClient(LEAN)),
  "lean-signer": async () => alone(await signed(LEAN)),
  default: async (queueUrl) => {
    const create = await own<(options: object) => Promise<DefaultPort>>("sqs/default-client", "createDefaultPort");
    const limits = { maxReceives: 25, maxSettleRequests: 25, requestTimeoutMs: 10_000, shouldVerifyChecksums: false };
    const { port } = await create({ queueUrl, region: undefined, ...limits });
    const CANCELLATION = await own<symbol>("sqs/port", "CANCELLATION");
    const Cancellation = await own<new () => object>("internal/cancellation", "Cancellation");
    return {
      receive: (input) => port.receiveMessage(input, { [CANCELLATION]: new Cancellation() }),
      remove: (input) => port.deleteMessageBatch(input),
    };
  },
};

function alone(client: SQSClient): LoopCalls {
  return callsOf(client, client);
}

export const start: StartSubject = async (setup, handle) => {
  const { queueUrl, way } = setup;
  const create = SETTINGS[way];
  if (create === undefined) throw new Error(`There is no setting ${way}`);
  return startLoops(setup, await create(queueUrl), handle);
};
