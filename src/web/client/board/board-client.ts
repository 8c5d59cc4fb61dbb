/**
 * YOURS. The board's client: live queries, an outbox and the store over them. Made once for the page, for the person whom the server has named
 * in it: by the cookie of their session, or while developing by a token that needs no password.
 */

import { createClient } from "ledge/client";
import { createClient as createSignedIn } from "ledge/client/auth";
import { shareSockets, withLive } from "ledge/client/live";
import { withOutbox } from "ledge/client/offline";
import { withStore } from "ledge/client/store";
import type { app } from "../../../app.ts";

export interface Person {
  readonly id: string;
  /** An address, or the name of a trial. */
  readonly name: string;
  /** Made up, while developing. */
  readonly isTrial: boolean;
}

export interface PageFacts {
  readonly basePath: string;
  readonly person: Person;
}

/** What the server has written on the page's root. */
export function pageFacts({ dataset }: { readonly dataset: Readonly<Record<string, string | undefined>> }): PageFacts {
  const { basePath = "/api", user = "", name = user, trial } = dataset;
  return { basePath, person: { id: user, name, isTrial: trial !== undefined } };
}

export function boardClient({ basePath, person }: PageFacts) {
  // One outbox and one store for each person, shared by their tabs.
  const name = `board:${person.id}`;
  const bare = person.isTrial
    ? createClient<typeof app>({ url: "", basePath, token: `dev:${person.id}` })
    : createSignedIn<typeof app>({ url: "", basePath, auth: { user: { id: person.id, email: person.name } } });
  // However many tabs are open: one socket an object.
  const live = withLive(bare, { share: shareSockets() });
  const written = withOutbox(live, { name, conflicts: "merge" });
  // What was seen is there without a network, too. It is this person's, whoever opens the page next; after a sign-out it is not shown.
  return withStore(written, { persist: true, ...(person.isTrial && { principal: () => person.id }) });
}

export type BoardClient = ReturnType<typeof boardClient>;

declare module "ledge/client/react" {
  interface Register {
    readonly client: BoardClient;
  }
}
