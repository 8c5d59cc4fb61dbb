/** A page on the hooks, and the client it stands on, over a server in memory: rendered by the test in Node, and taken up in a browser. */

import { createElement, type ReactElement, StrictMode } from "react";
import { createClient } from "../../../src/client/ledge-client.ts";
import { withLive } from "../../../src/client/ledge-client-live.ts";
import { memoryStorage, withOutbox } from "../../../src/client/ledge-client-offline.ts";
import { withStore } from "../../../src/client/ledge-client-store.ts";
import {
  LedgeProvider,
  useInfiniteList,
  useLiveAggregate,
  useLiveList,
  useLiveRow,
  useQuery,
  useSyncStatus,
} from "../../../src/client/react/ledge-client-react.ts";
import type { BoardClient } from "../../../src/web/client/board/board-client.ts";
import { FakeBrowser } from "../../client/offline/fake-tabs.ts";
import { FakeLedge } from "../../client/store/fake-ledge.ts";

export function ledgeOfTasks(): FakeLedge {
  const ledge = new FakeLedge();
  for (const [rank, id] of ["dig", "rake", "sow"].entries())
    ledge.write("tasks", id, { title: `${id} <b>`, status: id === "sow" ? "done" : "todo", rank });
  return ledge;
}

/** `more`: what stands beside its tables, e.g. sign-in. */
export function clientOf(ledge: FakeLedge, more: object = {}): BoardClient {
  const platform = ledge.platform();
  const bare = createClient({ url: "https://ledge.example", platform, retry: false, timeoutMs: 0 });
  const signed = new Proxy(bare, { get: (target, name) => Reflect.get(more, name) ?? Reflect.get(target, name) });
  const tabs = new FakeBrowser().tab();
  const live = withLive(signed, { platform: ledge.livePlatform() });
  const written = withOutbox(live, { tabs, storage: memoryStorage(), platform });
  return withStore(written, { tabs }) as unknown as BoardClient;
}

/** The questions of the page, for whoever reads them before it is rendered. */
export const ASKED = {
  list: { filter: { status: "todo" }, orderBy: "title" },
  pages: { orderBy: "id", pageSize: 2 },
  figures: { groupBy: ["status"], count: true },
  report: { key: ["report"], load: async () => "read by whoever asks first" },
} as const;

export async function prefetch(client: BoardClient): Promise<void> {
  const { store } = client;
  const handles = [
    store.list("tasks", ASKED.list),
    store.infinite("tasks", ASKED.pages),
    store.row("tasks", "sow"),
    store.aggregate("tasks", ASKED.figures),
    store.query(ASKED.report),
  ];
  await Promise.all(handles.map((handle) => store.prefetch(handle)));
}

export function tasksPage(client: BoardClient): ReactElement {
  return createElement(StrictMode, null, createElement(LedgeProvider, { client }, createElement(Tasks)));
}

function Tasks(): ReactElement {
  const { items, isLoading, status } = useLiveList("tasks", ASKED.list);
  const pages = useInfiniteList("tasks", ASKED.pages);
  const { row } = useLiveRow("tasks", "sow");
  const { groups } = useLiveAggregate("tasks", ASKED.figures);
  const { data } = useQuery(ASKED.report);
  const { unsent } = useSyncStatus();
  const figures = [...groups].map(({ key, count }) => `${key.status} ${count}`).sort();
  return createElement(
    "main",
    { "aria-busy": isLoading, "data-status": status },
    createElement("ul", null, ...items.map(({ id, title }) => createElement("li", { key: id, id }, title))),
    createElement("p", null, `${pages.items.length}${pages.hasNextPage ? "+" : ""} tasks, ${row?.title ?? "none"}`),
    createElement("p", null, `${figures.join()}; ${data ?? "no report"}; ${unsent} unsent`),
  );
}
