// Promise 4: within a group of a FIFO queue, one at a time and in order.
import type { Run } from "../handler-side.js";
import { type Member, shortId } from "../member.js";
import type { ServiceMessage } from "../service-view.js";
import type { World } from "../world.js";

/** When a handler has a message, everything before that in its group is gone, or in the same batch. */
export function checkOrder(world: World, member: Member, run: Run, batch: readonly Run[] = []): void {
  if (!member.isFifo) return;
  const own = world.view.messages.get(run.messageId) as ServiceMessage;
  for (const other of world.view.messages.values()) {
    if (other.position >= own.position) break;
    if (other.isGone || other.queueName !== own.queueName || groupOf(world, other) !== run.group) continue;
    if (batch.some(({ messageId }) => messageId === other.id)) continue;
    world.violations.add("outOfOrder", `${shortId(own.id)} starts, and ${shortId(other.id)} before it is not done`);
    return;
  }
  for (const other of member.running) {
    if (other === run || other.group !== run.group || other.toldAtMs !== undefined || !other.turn.hasSignal) continue;
    if (batch.length > 0 && (other.batchKey === undefined || batch.includes(other))) continue;
    world.violations.add("outOfOrder", `${shortId(run.messageId)} starts beside ${shortId(other.messageId)}`);
  }
}

function groupOf(world: World, { id }: ServiceMessage): number | undefined {
  return world.history.messages[world.service.plannedOf(id)]?.group;
}
