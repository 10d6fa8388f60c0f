// Promise 1, by the consumer's own books: every message that came is settled once.
import type { Run } from "../handler-side.js";
import { type Member, shortId } from "../member.js";
import type { World } from "../world.js";

/** The attempt that a handler is told came with a receipt of this consumer. */
export function checkAttempt(world: World, { handles }: Member, { messageId, attempt }: Run): void {
  const { attempts } = world.view.messages.get(messageId) ?? {};
  const told = [...(attempts ?? [])].filter(([handle]) => handles.has(handle)).map(([, count]) => count);
  if (told.includes(attempt)) return;
  world.violations.add("attempt", `${shortId(messageId)} starts as attempt ${attempt}, but came as ${told.join(", ")}`);
}

/** When a stop has ended nothing is open any more. */
export function checkCounters(world: World, member: Member): void {
  const { counters, waiting, settlementsPending, bytesInFlight } = member.consumer.stats();
  const { received, started, settlementsLost, settled } = counters;
  const say = (text: string): void => world.violations.add("miscounted", `consumer ${member.index}: ${text}`);
  const confirmed = Object.values(settled).reduce((sum, count) => sum + count, 0);
  if (received !== confirmed + settlementsLost) {
    say(`${received} came, ${confirmed} were settled and ${settlementsLost} could not be`);
  }
  const runs = world.handlers.runs.filter(({ consumer }) => consumer === member.index).length;
  if (started !== runs) say(`${started} handlers are counted, ${runs} have run`);
  if (waiting + settlementsPending > 0) say(`${waiting} wait and ${settlementsPending} are being settled after a stop`);
  const { size } = member.running;
  if (bytesInFlight > 0 && size === 0) say(`${bytesInFlight} bytes are in flight after a stop`);
}
