// Every fault between the consumer and its server, over the client of millrace/direct.
import { describeEveryFault } from "./every-fault.js";

describeEveryFault("direct");
