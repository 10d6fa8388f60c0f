// A program that consumes each of the queues it is given, with each client, and writes what came of it: a message, or an
// error. It trusts what NODE_EXTRA_CA_CERTS names, which Node reads only as it starts.
import { Consumer, type MillraceError } from "millrace";
import { CLIENTS } from "./clients.js";

const queueUrls = process.argv.slice(2);

async function consume(queueUrl: string, kind: (typeof CLIENTS)[number]): Promise<object> {
  const { client, close } = kind.create();
  let tell: (what: object) => void = () => undefined;
  const told = new Promise<object>((resolve) => (tell = resolve));
  const consumer = new Consumer(({ Body }) => tell({ body: Body }), { queueUrl, client, pollGraceMs: 0 });
  consumer.on("error", ({ code, message }: MillraceError) => tell({ code, message }));
  await consumer.start();
  const what = await told;
  await consumer.stop({ timeoutMs: 100 });
  close();
  return { client: kind.name, queueUrl, ...what };
}

const all = queueUrls.flatMap((queueUrl) => CLIENTS.map((kind) => consume(queueUrl, kind)));
process.stdout.write(JSON.stringify(await Promise.all(all)));
