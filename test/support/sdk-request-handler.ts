// Takes the place of the SDK's way to the network: requests are kept, and answered as a test says.
import { Readable } from "node:stream";
import type { CannedAnswer } from "./canned-dispatcher.js";

/** A request, as the SDK would have sent it. */
export interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** To be given to an SDK client as `requestHandler`. */
export class CannedRequestHandler {
  readonly requests: SdkRequest[] = [];
  readonly metadata: { handlerProtocol: string } = { handlerProtocol: "http/1.1" };
  readonly #answer: () => CannedAnswer;

  constructor(answer: () => CannedAnswer = () => ({})) {
    this.#answer = answer;
  }

  handle(request: SdkRequest): Promise<{ response: object }> {
    this.requests.push(request);
    const { statusCode = 200, headers = {}, body = "{}" } = this.#answer();
    return Promise.resolve({
      response: { statusCode, headers: { ...headers }, body: Readable.from([Buffer.from(body)]) },
    });
  }

  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): object {
    return {};
  }

  destroy(): void {}
}
