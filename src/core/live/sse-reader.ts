/**
 * An event stream of one watch, read back ([SS1]–[SS10]): pieces of text go in, the same events come out that a socket tells, so that a
 * client shows both alike. The counterpart of `sse-text.ts`; pure.
 */

import type { ObjectName } from "../ids.ts";
import { isJsonObject, type JsonObject } from "../json.ts";
import type { ClientCommit, ClientEvent, WatchPlace } from "./client-event.ts";
import { isSafeSeq, parseSince } from "./position.ts";
import type { ResetReason, ShownRow, WatchNews, WireChange } from "./server-frames.ts";

export class SseReader {
  readonly #watch: string;
  #rest = "";
  #place: WatchPlace | null = null;
  /** Until `ready`: a snapshot, or what was missed. */
  #opening: "rows" | "replay" | null = null;
  #rows: ShownRow[] = [];
  #commits: ClientCommit[] = [];
  #changes: WireChange[] = [];

  constructor(watch: string) {
    this.#watch = watch;
  }

  /** What the next piece of text tells; null: it is no stream of this kind. */
  take(text: string): readonly ClientEvent[] | null {
    const blocks = (this.#rest + text).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    const events: ClientEvent[] = [];
    for (const block of blocks) {
      const lines = block.split("\n");
      const field = (name: string) =>
        lines
          .find((line) => line.startsWith(`${name}:`))
          ?.slice(name.length + 1)
          .trim();
      const dataText = field("data");
      if (dataText === undefined) continue;
      const data = parse(dataText);
      if (data === null) return null;
      const told = this.#read(field("event") ?? "message", data, field("id"));
      if (told === null) return null;
      events.push(...told);
    }
    return events;
  }

  #read(event: string, data: JsonObject, id: string | undefined): ClientEvent[] | null {
    if (event === "error")
      return [{ kind: "error", watch: this.#watch, problem: { detail: data.error ?? "", code: data.code ?? "" } }];
    if (event === "connected") return this.#connect(data);
    const was = this.#place;
    if (was === null) return null;
    const { seq } = data;
    // Rights may have changed since, and the tag with them ([RV3]): a position with the old one would begin anew.
    const place = { ...was, ...parseSince(id ?? "") };
    this.#place = place;
    switch (event) {
      case "aggregate":
        return isSafeSeq(seq) && isJsonObject(data.data)
          ? [{ ...place, kind: "snapshot", seq, rows: [], aggregate: data.data }]
          : null;
      case "ready":
        return isSafeSeq(seq) ? this.#ready({ ...place, seq }, data.kinds) : null;
      case "at":
        if (!isSafeSeq(seq)) return null;
        return place.tag === was.tag
          ? [{ kind: "at", object: place.object, seq }]
          : this.#tell(place, { seq, at: 0 }, {});
      case "message":
        return this.#message(place, data, id);
      default:
        return [];
    }
  }

  #connect(data: JsonObject): ClientEvent[] | null {
    const { seq, epoch, object, tag, key = "id", resumed } = data;
    if (!isSafeSeq(seq) || typeof epoch !== "string" || typeof tag !== "string" || typeof key !== "string") return null;
    this.#place = { watch: this.#watch, object: String(object) as ObjectName, epoch, seq, tag, key };
    this.#opening = resumed === true ? "replay" : "rows";
    return [];
  }

  #ready(place: WatchPlace, kinds: unknown): ClientEvent[] {
    const told: ClientEvent =
      this.#opening === "replay"
        ? { ...place, kind: "replayed", commits: this.#commits }
        : { ...place, kind: "snapshot", rows: this.#rows, ...(isJsonObject(kinds) ? { kinds } : {}) };
    this.#opening = null;
    this.#rows = [];
    this.#commits = [];
    return [told];
  }

  /** The changes of one commit have come. */
  #tell(
    { object, tag }: WatchPlace,
    about: Omit<ClientCommit, "news">,
    more: Pick<WatchNews, "hasMore">,
  ): ClientEvent[] {
    const commit = { ...about, news: new Map([[this.#watch, { id: 1, changes: this.#changes, tag, ...more }]]) };
    this.#changes = [];
    if (this.#opening !== "replay") return [{ kind: "commit", object, commit }];
    this.#commits.push(commit);
    return [];
  }

  #message(place: WatchPlace, data: JsonObject, id: string | undefined): ClientEvent[] | null {
    const { type, seq, object, timestamp } = data;
    const meta = isJsonObject(data.meta) ? data.meta : {};
    if (type === "invalidate") return this.#invalidate(String(data.reason), meta);
    if (!isSafeSeq(seq)) return null;
    const v = String(meta.v ?? "");
    if (type === "existing") {
      if (!isJsonObject(object)) return null;
      this.#rows.push({ row: object, v });
      return [];
    }
    if (type === "removed") {
      const { objectId } = data;
      if (typeof objectId !== "string" && typeof objectId !== "number") return null;
      const why = typeof meta.why === "string" ? { why: meta.why } : {};
      this.#changes.push({ op: "removed", rowId: objectId as NonNullable<WireChange["rowId"]>, ...why });
    } else if ((type === "added" || type === "changed") && isJsonObject(object)) {
      const own = typeof meta.optimisticId === "string" ? { optimisticId: meta.optimisticId } : {};
      this.#changes.push({ op: type, row: object, v, ...own });
    } else return [];
    // Only the last event of a commit carries an id ([SS4]).
    if (id === undefined) return [];
    const more = typeof meta.hasMore === "boolean" ? { hasMore: meta.hasMore } : {};
    const about = { seq, at: Number(timestamp), ...(typeof meta.txid === "string" ? { txid: meta.txid } : {}) };
    return this.#tell(place, about, more);
  }

  #invalidate(reason: string, meta: JsonObject): ClientEvent[] {
    if (meta.reset !== true) return [{ kind: "told", watch: this.#watch, reason }];
    this.#opening = "rows";
    this.#rows = [];
    this.#commits = [];
    this.#changes = [];
    const why: ResetReason = reason === "scope" ? "scope" : "gap";
    return [{ kind: "reset", watch: this.#watch, reason: why, purge: meta.purge === true }];
  }
}

function parse(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
