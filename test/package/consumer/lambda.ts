// A user whose function Lambda calls.
import { Consumer, type Message, retry } from "millrace";
import { type LambdaHandler, lambdaHandler, LambdaRunner, type SqsBatchResponse } from "millrace/lambda";

const greet = ({ Body }: Message, { attempt }: { attempt: number }): unknown =>
  Body === undefined && attempt === 1 ? retry({ afterSeconds: 5 }) : `Hello, ${Body}`;

export const handler: LambdaHandler = lambdaHandler(greet, { concurrency: 10, deadlineMarginMs: 2_000 });
const context = { functionName: "greet", getRemainingTimeInMillis: (): number => 30_000 };
const response: SqsBatchResponse = await handler({ Records: [] }, context);
const failed: string[] = response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
await handler.consumer.stop();

const runner = new LambdaRunner({ runtimeApi: "127.0.0.1:9001" });
await runner.reportInitError(new Error(failed.join()));
export const consumer: Consumer = new Consumer(greet, { runner, concurrency: 100 });
