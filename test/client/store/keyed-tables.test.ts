/** A table whose key is not called `id`, by every way to it: each method of the store, writes, the hooks as a server renders them, a collection of TanStack DB. */

import { createCollection } from "@tanstack/db";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { createClient } from "../../../src/client/ledge-client.ts";
import { withLive } from "../../../src/client/ledge-client-live.ts";
import { memoryStorage, withOutbox } from "../../../src/client/ledge-client-offline.ts";
import { createInfiniteScroll, type StoreHandle, withStore } from "../../../src/client/ledge-client-store.ts";
import { ledgeCollectionOptions } from "../../../src/client/ledge-client-tanstack-db.ts";
import {
  LedgeProvider,
  useInfiniteList,
  useLiveList,
  useLiveRow,
} from "../../../src/client/react/ledge-client-react.ts";
import type { TableClient } from "../../../src/client/table-types.ts";
import { FakeBrowser } from "../offline/fake-tabs.ts";
import { FakeLedge } from "./fake-ledge.ts";

interface Show {
  readonly slug: string;
  readonly title: string | null;
  readonly rank: number | null;
}
interface Tables {
  readonly shows: TableClient<Show, Partial<Show>, "slug">;
}

function open({ keys = {} }: { readonly keys?: Readonly<Record<string, string>> } = {}) {
  const ledge = new FakeLedge();
  const platform = ledge.platform();
  const bare = createClient({ url: "https://ledge.example", platform, retry: false, timeoutMs: 0 });
  const live = withLive(bare as unknown as Tables, { platform: ledge.livePlatform() });
  const tabs = new FakeBrowser().tab();
  const client = withStore(withOutbox(live, { tabs, storage: memoryStorage(), platform, keys }), { tabs });
  for (const [rank, slug] of ["dune", "alien", "brazil"].entries()) ledge.write("shows", slug, { title: slug, rank });
  return { ledge, clock: ledge.clock, client, store: client.store };
}

function follow<S>(handle: StoreHandle<S>): () => S {
  handle.subscribe(() => {});
  return handle.getSnapshot;
}
const slugs = ({ rows }: { readonly rows: readonly Show[] }) => rows.map(({ slug }) => slug).join(" ");

test("[LS14] one row is followed by its key, shown from a list before it is there, and with what is written over it", async () => {
  const { ledge, clock, client, store } = open();
  const alien = follow(store.row("shows", "alien"));
  const absent = follow(store.row("shows", "solaris"));
  await clock.settle();
  expect([alien().status, alien().row?.title, absent().status, absent().row]).toEqual(["live", "alien", "live", null]);
  ledge.holdsFrames = true;
  await client.shows.later.update("alien", { title: "Alien" });
  await client.shows.later.create({ slug: "solaris", title: "Solaris" });
  await client.shows.later.create({ slug: "stalker", title: "Stalker" });
  expect([alien().row?.title, alien().isPending, absent().row?.title]).toEqual(["Alien", true, "Solaris"]);
  ledge.release();
  await clock.advance(100);
  expect([alien().row?.title, alien().isPending, absent().isPending]).toEqual(["Alien", false, false]);
  follow(store.list("shows"));
  await clock.settle();
  const brazil = store.row("shows", "brazil");
  follow(brazil);
  expect(brazil.getSnapshot()).toMatchObject({ row: { title: "brazil" }, isReady: true });
});

test("[LS14] a number is a key, too: its row is found, and one that is made with it", async () => {
  const { ledge, clock, client } = open();
  const films = client as unknown as {
    readonly films: { readonly later: { create(row: object): Promise<unknown> } };
    readonly store: { row(table: string, id: number): StoreHandle<{ readonly row: object | null }> };
  };
  ledge.write("films", 7, { title: "seven" });
  const [seven, eight] = [7, 8].map((id) => follow(films.store.row("films", id)));
  await clock.settle();
  expect([seven?.().row, eight?.().row]).toMatchObject([{ title: "seven" }, null]);
  ledge.holdsAnswers = true;
  void films.films.later.create({ id: 8, title: "eight" });
  await clock.settle();
  expect(eight?.().row).toMatchObject({ title: "eight" });
});

test("[LS14] an infinite list without an order is in that of the key, over all its pages, as is a page of a list", async () => {
  const { ledge, clock, client, store } = open();
  const handle = store.infinite("shows", { pageSize: 1 });
  const shown = follow(handle);
  const page = follow(store.list("shows", { limit: 2 }));
  await clock.settle();
  expect([slugs(shown()), shown().cursor, slugs(page())]).toEqual(["alien", "alien", "alien brazil"]);
  void handle.loadMore();
  await clock.advance(50);
  expect([slugs(shown()), shown().cursor]).toEqual(["alien brazil", "brazil"]);
  ledge.write("shows", "akira", { title: "akira" });
  await clock.advance(50);
  expect([slugs(shown()), slugs(page())]).toEqual(["akira alien brazil", "akira alien"]);
  await client.shows.later.create({ slug: "amelie" });
  expect(slugs(page())).toBe("akira alien");
  // A window of one row follows what was loaded.
  expect(slugs(shown())).toBe("akira alien amelie");
  const scroll = createInfiniteScroll(client, { table: "shows", pageSize: 2 });
  scroll.subscribe(() => {});
  await clock.advance(50);
  expect(scroll.getState().data.map(({ slug }) => slug)).toEqual(["akira", "alien"]);
});

test("[LS14] a write straight to the server is shown by its key; which column that is the outbox was told, or a watch has", async () => {
  const { ledge, clock, store } = open();
  expect(store.keyOf("shows")).toBe("id");
  const list = follow(store.list("shows", { orderBy: "slug" }));
  await clock.settle();
  expect(store.keyOf("shows")).toBe("slug");
  ledge.holdsAnswers = true;
  const written = store.write({ op: "create", table: "shows", id: "casino", values: { title: "Casino" } });
  await clock.settle();
  expect(slugs(list())).toBe("alien brazil casino dune");
  ledge.release();
  await written;
  const told = open({ keys: { shows: "slug" } });
  expect(told.store.keyOf("shows")).toBe("slug");
  await told.store.write({ op: "create", table: "shows", id: "casino", values: { title: "Casino" } });
  expect(told.ledge.object("shows").find("shows", "casino")?.row.title).toBe("Casino");
});

test("[LS14] [LS13] hooks render a row and an infinite list that a server has read", async () => {
  const { clock, client, store } = open();
  const wanted = [store.row("shows", "alien"), store.list("shows"), store.infinite("shows", { pageSize: 2 })];
  const read = Promise.all(wanted.map((handle) => store.prefetch(handle)));
  await clock.advance(50);
  await read;
  store.dehydrate();
  const Page = () => {
    const { row } = useLiveRow("shows" as never, "alien" as never) as { readonly row: Show | null };
    const list = useLiveList("shows" as never);
    const { items, hasNextPage } = useInfiniteList("shows" as never, { pageSize: 2 });
    return JSON.stringify([row?.title, list.items.length, items.length, hasNextPage]);
  };
  const html = renderToString(createElement(LedgeProvider, { client: client as never }, createElement(Page)));
  expect(html.replaceAll("&quot;", '"')).toBe('["alien",3,2,true]');
});

test("[LS14] [TD2] a collection knows its rows by the key of the table, and refuses one that does not name it", async () => {
  const { ledge, clock, client } = open();
  const shows = createCollection(ledgeCollectionOptions(client, "shows"));
  shows.subscribeChanges(() => {});
  await clock.advance(50);
  expect([shows.get("alien")?.title, shows.size]).toEqual(["alien", 3]);
  shows.insert({ slug: "casino", title: "Casino", rank: 1 });
  shows.update("alien", (draft) => {
    (draft as { title: string }).title = "Alien";
  });
  shows.delete("dune");
  await clock.advance(200);
  const rows = ["alien", "casino", "dune"].map((slug) => ledge.object("shows").find("shows", slug)?.row.title);
  expect(rows).toEqual(["Alien", "Casino", undefined]);
  expect(() => shows.insert({ title: "nameless" } as never)).toThrow("does not name its key, slug");
});
