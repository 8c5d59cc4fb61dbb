/** The recipes of docs/recipes.md for lists that are fetched on as they are scrolled, as the page of a test: with the live list, and by hand. */

import { createElement, type ReactElement, useCallback, useEffect, useRef, useState } from "react";
import { useInfiniteList, useLedge } from "../../../src/client/react/ledge-client-react.ts";

interface Item {
  readonly id: string;
}

export function LivePages(): ReactElement {
  const { items, hasNextPage, fetchNextPage, totalCount } = useInfiniteList("tasks", {
    orderBy: "title",
    pageSize: 20,
    totalCount: true,
  });
  return box(items, hasNextPage ? fetchNextPage : null, totalCount);
}

interface Page {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

const FIRST = { orderBy: "title", limit: 20 } as const;

export function PagesByHand(): ReactElement {
  const client = useLedge();
  const [pages, setPages] = useState<readonly Page[]>([]);
  const isBusy = useRef(false);
  const last = pages.at(-1);
  const more = useCallback(async () => {
    if (isBusy.current) return;
    isBusy.current = true;
    try {
      const asked = last === undefined ? client.tasks.list(FIRST) : client.tasks.nextPage(last as never, FIRST);
      const next = (await asked) as Page | null;
      if (next !== null) setPages((before) => [...before, next]);
    } finally {
      isBusy.current = false;
    }
  }, [client, last]);
  const items = pages.flatMap((page) => page.items);
  return box(items, last === undefined || last.nextCursor !== null ? more : null, null);
}

function box(items: readonly Item[], more: (() => void) | null, total: number | null): ReactElement {
  return createElement(
    "section",
    { style: { height: "200px", overflow: "auto" }, ...(total !== null && { "data-total": total }) },
    createElement(
      "ol",
      null,
      ...items.map(({ id }) => createElement("li", { key: id, style: { height: "40px" } }, id)),
    ),
    more && createElement(More, { onSeen: more }),
  );
}

/** A button for whoever does not scroll. */
function More({ onSeen }: { readonly onSeen: () => void }): ReactElement {
  const button = useRef<{ closest(selector: string): unknown }>(null);
  useEffect(() => {
    if (button.current === null) return;
    const { IntersectionObserver } = globalThis as unknown as { readonly IntersectionObserver: Observing };
    const observer = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && onSeen(), {
      root: button.current.closest("section"),
      rootMargin: "100px",
    });
    observer.observe(button.current);
    return () => observer.disconnect();
  }, [onSeen]);
  return createElement("button", { type: "button", ref: button as never, onClick: onSeen }, "Show more");
}

interface Observing {
  new (
    seen: (entries: readonly { readonly isIntersecting: boolean }[]) => unknown,
    options: object,
  ): { observe(target: object): void; disconnect(): void };
}

/** A table of rows that are asked for by pages. */
export function pagedTasks(count: number): object {
  const page = (from: number) => ({
    items: Array.from({ length: Math.min(20, count - from) }, (_, index) => ({ id: `t${from + index}` })),
    nextCursor: from + 20 < count ? String(from + 20) : null,
  });
  return {
    list: async () => page(0),
    nextPage: async ({ nextCursor }: Page) => (nextCursor === null ? null : page(Number(nextCursor))),
  };
}
