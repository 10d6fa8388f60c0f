// Which options go together, and which clients will do.
import { SQSClient } from "@aws-sdk/client-sqs";
import { Consumer, type Rate, retry, type Runner } from "millrace";
import { describe, expectTypeOf, it } from "vitest";

const queueUrl = "https://sqs.eu-central-1.amazonaws.com/000000000000/jobs";
const handler = (): void => {};
declare const runner: Runner<{ readonly name: string }>;

describe("a consumer", () => {
  it("takes a queue or a runner, not both and not neither", () => {
    new Consumer(handler, { queueUrl });
    new Consumer(handler, { runner });
    // @ts-expect-error -- A runner knows its own source.
    new Consumer(handler, { runner, queueUrl });
    // @ts-expect-error -- There is nothing to consume.
    new Consumer(handler, {});
  });

  it("takes a client of the SDK's as it is", () => {
    new Consumer(handler, { queueUrl, client: new SQSClient({}) });
  });

  it("refuses an option that does not exist", () => {
    // @ts-expect-error -- It is called handlerTimeoutMs.
    new Consumer(handler, { queueUrl, handlerTimeout: 1 });
  });

  it("takes budgets, and changes of them while it runs", () => {
    const consumer = new Consumer(handler, { queueUrl, rate: { perSecond: 0.5, burst: 3 }, maxInFlightBytes: 1e8 });
    expectTypeOf<typeof consumer.setRate>().parameters.toEqualTypeOf<[rate: Rate | undefined]>();
    expectTypeOf<typeof consumer.setConcurrency>().parameters.toEqualTypeOf<[concurrency: number]>();
    expectTypeOf(consumer.stats().isPaused).toEqualTypeOf<boolean>();
    consumer.on("paused", ({ forMs }) => expectTypeOf(forMs).toEqualTypeOf<number | undefined>());
    // @ts-expect-error -- A rate is so many a second.
    new Consumer(handler, { queueUrl, rate: 5 });
    // @ts-expect-error -- It must be said how many a second.
    consumer.setRate({ burst: 5 });
  });

  it("takes tenants, whose key is of the message", () => {
    new Consumer(handler, { queueUrl, tenants: { key: ({ Attributes }) => Attributes?.["MessageGroupId"] } });
    new Consumer(handler, { runner, tenants: { key: ({ name }) => name, maxRunning: 5 } });
    // @ts-expect-error -- Messages of this source have no body.
    new Consumer(handler, { runner, tenants: { key: ({ Body }) => String(Body) } });
    // @ts-expect-error -- A key is a string.
    new Consumer(handler, { queueUrl, tenants: { key: () => 5 } });
    const consumer = new Consumer(handler, { queueUrl, tenants: {} });
    consumer.setTenants({ rate: { perSecond: 5 } });
    // @ts-expect-error -- What a tenant is does not change.
    consumer.setTenants({ key: () => "one" });
  });

  it("takes a retry that pauses the queue or the key, and nothing else", () => {
    new Consumer(() => retry({ afterSeconds: 5, pause: "queue" }), { queueUrl });
    new Consumer(() => retry({ afterSeconds: 5, pause: "key" }), { queueUrl });
    // @ts-expect-error -- There is nothing else to pause.
    retry({ afterSeconds: 5, pause: "consumer" });
  });

  it("takes undefined for an option that is not given", () => {
    new Consumer(handler, { queueUrl, concurrency: undefined, logger: undefined });
  });

  it("says what a listener is called with", () => {
    const consumer = new Consumer(handler, { queueUrl });
    consumer.on("error", (error) => expectTypeOf(error.code).toExtend<string>());
    // @ts-expect-error -- There is no such event.
    consumer.on("eror", () => {});
  });
});
