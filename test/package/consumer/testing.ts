// A user who tests their handlers.
import * as testing from "millrace/testing";

export const names: string[] = Object.keys(testing);
