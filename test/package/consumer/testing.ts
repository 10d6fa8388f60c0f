// A user who tests their handlers.
import { SimulatedSqs, VirtualClock } from "millrace/testing";

export const clock: VirtualClock = new VirtualClock();
export const sqs: SimulatedSqs = new SimulatedSqs({ clock });
