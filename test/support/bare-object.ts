/** A Worker with one empty object class, for tests of what runs on Durable Object storage alone. */

import { DurableObject } from "cloudflare:workers";

export class BareObject extends DurableObject {}

export default { fetch: () => new Response(null, { status: 404 }) };
