// Lambda on this machine, so that the examples run by themselves. A function of yours needs nothing of this.
import type { LambdaContext, LambdaHandler } from "millrace/lambda";
import { type LambdaResult, LambdaRuntimeApi, type SqsTestEvent } from "millrace/testing";

/** Calls a function as the managed runtime does, and prints what it answers. */
export async function callFunction(handler: LambdaHandler, event: SqsTestEvent, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  const context: LambdaContext = { getRemainingTimeInMillis: () => deadline - Date.now() };
  console.log(`${event.Records.length} messages: ${JSON.stringify(await handler(event, context))}`);
}

/** Lambda's side of a container image. */
export interface LocalLambda extends AsyncDisposable {
  /** Calls the function, and prints what it answers. */
  call(event: SqsTestEvent, timeoutMs: number): Promise<void>;
}

/** Starts a Runtime API, and says where it is as Lambda does. */
export async function startLocalLambda(): Promise<LocalLambda> {
  const api = new LambdaRuntimeApi();
  await api.start();
  process.env["AWS_LAMBDA_RUNTIME_API"] = api.address;
  return {
    async call(event, timeoutMs) {
      const result = await api.invoke(event, { timeoutMs });
      console.log(`${event.Records.length} messages: ${describe(result)}`);
    },
    [Symbol.asyncDispose]: () => api.stop(),
  };
}

function describe(result: LambdaResult): string {
  return result.status === "response" ? JSON.stringify(result.payload) : result.status;
}
