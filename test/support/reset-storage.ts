/**
 * Set up before every test file that runs in workerd: its storage is empty. The files of a project share one process
 * (`isolate: false`), which spares each of them two seconds of start-up and imports; what they must not share is what others stored.
 */

import { reset } from "cloudflare:test";

await reset();
