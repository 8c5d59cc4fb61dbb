/**
 * Uploads that components share: one store for each client and question, so that a panel that is closed and opened again finds what is under
 * way as it is. Once nobody looks any more, what has ended goes off the list, and a list without anything is forgotten.
 */

import type { AppLike, Client } from "../app-types.ts";
import { createUploads, type Uploads } from "../files/uploads.ts";

const known = new WeakMap<object, Map<string, Uploads>>();

/** The same for the same client and key, as long as somebody listens or something is under way. */
export function sharedUploads(client: object, key: string, atOnce: number): Uploads {
  const own = known.get(client) ?? new Map<string, Uploads>();
  known.set(client, own);
  const uploads = own.get(key) ?? forgetting(own, key, createUploads(client as Client<AppLike>, { atOnce }));
  own.set(key, uploads);
  return uploads;
}

function forgetting(own: Map<string, Uploads>, key: string, uploads: Uploads): Uploads {
  let listeners = 0;
  const tidy = () => {
    for (const { key: item, state } of uploads.getSnapshot())
      if (state === "done" || state === "aborted") uploads.dismiss(item);
    if (uploads.getSnapshot().length === 0) own.delete(key);
  };
  const shared: Uploads = {
    ...uploads,
    subscribe(listener) {
      // A second mount (StrictMode) comes back to what was forgotten between the two.
      if (!own.has(key)) own.set(key, shared);
      const leave = uploads.subscribe(listener);
      listeners += 1;
      return () => {
        leave();
        listeners -= 1;
        if (listeners === 0) tidy();
      };
    },
  };
  return shared;
}
