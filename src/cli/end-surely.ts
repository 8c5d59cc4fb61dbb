/**
 * Imported first by what ends with `process.exit`. V8's background compilers may wait for the main thread to collect garbage
 * while the main thread, at exit, waits for them: the process then hangs for ever (nodejs/node#54918, open in Node 24).
 * Without Maglev and concurrent Sparkplug, code is laid down by the main thread; a command of seconds does not miss them.
 */

import { setFlagsFromString } from "node:v8";

setFlagsFromString("--no-maglev");
setFlagsFromString("--no-concurrent-sparkplug");
