/** The hooks on a server: they render what a page shows before anything is known, open nothing, and ask nobody. */

import { createElement, type ReactElement, StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { createClient } from "../../../src/client/ledge-client-auth.ts";
import { withLive } from "../../../src/client/ledge-client-live.ts";
import { memoryStorage, withOutbox } from "../../../src/client/ledge-client-offline.ts";
import { withStore } from "../../../src/client/ledge-client-store.ts";
import {
  LedgeProvider,
  useAuth,
  useInfiniteList,
  useInvalidate,
  useJob,
  useLiveAggregate,
  useLiveList,
  useLiveRow,
  useMutation,
  usePrefetch,
  useQuery,
  useSearch,
  useSyncStatus,
  useTransaction,
} from "../../../src/client/react/ledge-client-react.ts";
import { useFile, useFiles, useFileUpload } from "../../../src/client/react/ledge-client-react-files.ts";
import type { boardClient } from "../../../src/web/client/board/board-client.ts";

function serverClient() {
  const requests: string[] = [];
  const fetch = async (url: string): Promise<never> => {
    requests.push(url);
    throw new TypeError("no network");
  };
  const bare = createClient({ url: "https://board.test", fetch: fetch as never });
  const client = withStore(withOutbox(withLive(bare), { storage: memoryStorage() }));
  return { client: client as unknown as ReturnType<typeof boardClient>, requests };
}

function render(component: () => ReactElement | string) {
  const { client, requests } = serverClient();
  const text = renderToString(
    createElement(StrictMode, null, createElement(LedgeProvider, { client }, createElement(component))),
  );
  return { text, open: client.store.stats.open, requests };
}

test("[RH1] [RH2] [RH3] a page that a server renders says that lists are loading, and nothing is opened for it", () => {
  const told = render(() => {
    const list = useLiveList("tasks", { filter: { status: "todo" }, orderBy: "position", limit: 20 });
    const pages = useInfiniteList("tasks", { orderBy: "-id" });
    const row = useLiveRow("tasks", "01930000-0000-7000-8000-000000000001");
    const { groups, isLoading } = useLiveAggregate("tasks", { groupBy: ["status"], count: true });
    const states = [list, pages, row].map((each) => `${each.status} ${each.isLoading} ${each.lastSeq}`);
    return [...states, list.items.length, pages.hasNextPage, row.row, groups.length, isLoading].map(String).join();
  });
  const loading = "loading true 0";
  expect(told).toEqual({ text: `${loading},${loading},${loading},0,false,null,0,true`, open: 0, requests: [] });
});

test("[RH1] what waits for something to ask asks nothing: no row, no list, no file, and nothing is loading", () => {
  const told = render(() => {
    const { row, isPending, ...live } = useLiveRow("tasks", null);
    const { items, hasMore, pendingCount, ...list } = useLiveList("tasks", null);
    const file = useFile("attachments", null);
    const states = [live, list, file].map((each) => `${each.status} ${each.isLoading} ${each.error}`);
    return [...states, row, isPending, items.length, hasMore, pendingCount, file.url].map(String).join();
  });
  const idle = "live false null";
  expect(told).toEqual({ text: `${idle},${idle},${idle},null,false,0,false,0,null`, open: 0, requests: [] });
});

test("[RH4] [RH5] [RH6] [RH11] the other hooks too: nobody is signed in, nothing is unsent, nothing was asked", () => {
  const told = render(() => {
    const { create, isPending } = useMutation("tasks");
    const transaction = useTransaction();
    const search = useSearch("tasks", "compost");
    const query = useQuery({ key: ["report"], load: async () => 1 });
    const { user, isLoading } = useAuth();
    const { unsent, connection, pending } = useSyncStatus();
    const ways = [create, transaction.run, useInvalidate(), usePrefetch(), query.refresh];
    const said = [isPending, search.isSearching, search.items.length, query.isLoading, user, isLoading, unsent];
    return [...said, connection, pending.length, ...ways.map((way) => typeof way)].map(String).join();
  });
  const ways = "function,function,function,function,function";
  expect(told).toEqual({
    text: `false,true,0,true,null,true,0,connecting,0,${ways}`,
    open: 0,
    requests: [],
  });
});

test("[RH1] without a provider a hook says what it needs", () => {
  expect(() => renderToString(createElement(() => useLiveList("tasks").status))).toThrow(/LedgeProvider/);
});

test("[J7] a job that a page follows is not asked for by the server that renders it", () => {
  const told = render(() =>
    [useJob(null), useJob("01930000-0000-7000-8000-000000000001")].map(({ job, error }) => `${job} ${error}`).join(),
  );
  expect([told.text, told.open, told.requests]).toEqual(["null null,null null", 0, []]);
});

test("[RH8] files are loading on a server, none is on its way, and no address is asked for", () => {
  const told = render(() => {
    const id = "01930000-0000-7000-8000-000000000001";
    const { items, isLoading, urlOf } = useFiles("attachments", { filter: { taskId: "t" } });
    const { url, urlError, row } = useFile("attachments", id, { use: "show" });
    const uploads = useFileUpload("attachments", { row: { taskId: "t" } });
    const said = [items.length, isLoading, url, urlError, row, uploads.items.length, uploads.isUploading];
    return [...said, urlOf(id, { preset: "thumb" })].map(String).join();
  });
  const url = "https://board.test/api/attachments/01930000-0000-7000-8000-000000000001/content?preset=thumb";
  expect(told).toEqual({ text: `0,true,null,null,null,0,false,${url}`, open: 0, requests: [] });
});
