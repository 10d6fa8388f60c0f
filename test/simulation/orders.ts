// What the program around a consumer tells it, while it runs or does not.
import { toRate, toTenants } from "./consumer-parts.js";
import type { Command } from "./history.js";
import type { Member } from "./member.js";
import type { World } from "./world.js";

export function obey(world: World, member: Member, command: Command): void {
  if (world.isEnding) return;
  const { action, timeoutMs, slots = 1, rate, tenants } = command;
  if (action === "start") return void world.start(member);
  if (action === "stop") return void world.stop(member, timeoutMs);
  world.trace.note(member.index, () => `${action}(${JSON.stringify(rate ?? command.slots ?? tenants ?? "")})`);
  if (action === "pause") pause(world, member);
  else if (action === "resume") resume(world, member);
  else if (action === "setRate") setRate(world, member, rate);
  else if (action === "resize") resize(world, member, slots);
  else if (action === "setTenants") setTenants(world, member, tenants);
  else update(world, member, slots);
}

function pause({ coverage }: World, { consumer }: Member): void {
  coverage.meet("change", "pause");
  consumer.pause();
}

export function resume({ coverage }: World, member: Member): void {
  coverage.meet("change", "resume");
  member.resumes += 1;
  member.consumer.resume();
}

export function setRate({ coverage }: World, { consumer }: Member, rate: Command["rate"]): void {
  coverage.meet("change", "set rate");
  consumer.setRate(toRate(rate));
}

function resize({ coverage, sabotage }: World, member: Member, slots: number): void {
  if (sabotage.worker !== undefined) return;
  coverage.meet("change", slots > member.capacity ? "resize up" : "resize down");
  member.resize(slots);
}

function setTenants({ coverage, group }: World, member: Member, tenants: Command["tenants"]): void {
  const changed = toTenants(tenants);
  if (changed === undefined) return;
  coverage.meet("change", "set tenants");
  member.tenants = tenants;
  const { kind } = member.plan.worker;
  if (kind === "own") member.consumer.setTenants(changed);
  else if (kind === "share") group?.update(String(member.index), { tenants: changed });
  else member.pool?.update({ tenants: changed });
}

function update({ coverage, group }: World, member: Member, weight: number): void {
  coverage.meet("change", "update a queue");
  group?.update(String(member.index), { weight });
}
