// A user whose requests go by the direct client, through a proxy.
import { type DirectClient, directClient } from "millrace/direct";
import { EnvHttpProxyAgent } from "undici";

export const client: DirectClient = directClient({ dispatcher: new EnvHttpProxyAgent() });
