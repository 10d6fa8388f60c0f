// Every fault between the consumer and its server, over the client that it makes of the SDK.
import { describeEveryFault } from "./every-fault.js";

describeEveryFault("SDK");
