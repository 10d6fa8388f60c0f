// The canned server in a process of its own. Each message of the parent's is an order, and has one answer.
import { obeyParent } from "./obey.js";
import { CannedServer } from "./canned-server.js";
import type { ServerAnswer, ServerOrder } from "./canned-server-orders.js";

const server = new CannedServer();

async function obey(order: ServerOrder): Promise<ServerAnswer> {
  switch (order.kind) {
    case "start":
      await server.start(order.isSecure);
      return { endpoint: server.endpoint, certificate: server.certificate };
    case "createQueue":
      return { queueUrl: server.createQueue(order.name, order.settings) };
    case "supply":
      server.queue(order.queueUrl).supply(order.messages ?? Infinity);
      return {};
    case "send":
      server.queue(order.queueUrl).send(order.perSecond);
      return {};
    case "count":
      return { counts: server.queue(order.queueUrl).counts };
  }
}

obeyParent(obey);
