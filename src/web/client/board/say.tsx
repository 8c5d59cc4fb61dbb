/** YOURS. Short news for a person, shown for some seconds and read out: `say("Moved to Done")`. */

import { useEffect, useState, useSyncExternalStore } from "react";

const SHOWN_MS = 4000;

/** What was typed is left or put back where it was. */
export const NOT_STORED = "It could not be stored in this browser";

interface News {
  readonly text: string;
}

let latest: News = { text: "" };
const listeners = new Set<() => void>();

export function say(text: string): void {
  latest = { text };
  for (const listener of listeners) listener();
}

export function Notice() {
  const news = useSyncExternalStore(follow, () => latest);
  const [over, setOver] = useState<News>(news);
  useEffect(() => {
    const timer = setTimeout(() => setOver(news), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [news]);
  return (
    <p className="notice" role="status">
      {over === news ? "" : news.text}
    </p>
  );
}

function follow(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
