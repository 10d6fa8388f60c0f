// millrace/lambda: SQS events of AWS Lambda, in the managed Node runtime and in container images.
export { type LambdaContext, type LambdaHandler, lambdaHandler, type LambdaHandlerOptions } from "./lambda-handler.js";
export { LambdaRunner, type LambdaRunnerOptions } from "./lambda-runner.js";
export type { LambdaEventOptions } from "./options.js";
export type { SqsBatchResponse } from "./sqs-event.js";
