/**
 * All uploads that a person has under way, as an external store has them: `subscribe` and `getSnapshot` of one identity each, for
 * `useSyncExternalStore` or whatever else shows them. Begins several, sends a few of them at a time, and needs no framework and no DOM.
 */

import type { AppLike, Client } from "../app-types.ts";
import { type BytesLike, fileSource } from "./file-source.ts";
import { type FileUpload, type UploadOptions, uploadFile } from "./upload-file.ts";

export interface UploadItem {
  /** Of this list; the row has none before it is announced. */
  readonly key: number;
  readonly table: string;
  readonly name: string;
  /** Media type as it was declared. */
  readonly type: string;
  readonly size: number;
  /** Bytes that have left. */
  readonly sent: number;
  readonly state: "waiting" | FileUpload["state"];
  /** Of the row, once it is announced. */
  readonly id: string | null;
  /** The row, once its bytes are stored. */
  readonly row: Record<string, unknown> | null;
  readonly error: unknown;
  /** What was given, e.g. to show an image before it has arrived. */
  readonly file: BytesLike;
}

export interface Uploads {
  readonly subscribe: (listener: () => void) => () => void;
  /** In the order in which they were added; another array where something has changed. */
  readonly getSnapshot: () => readonly UploadItem[];
  /** Gives the key, by which the others take it. */
  add(table: string, file: BytesLike, options?: UploadOptions): number;
  pause(key: number): void;
  resume(key: number): void;
  abort(key: number): void;
  /** Once more, where it stood, after a failure. */
  retry(key: number): void;
  /** Takes what has ended off the list; what is under way is aborted. */
  dismiss(key: number): void;
}

interface Entry {
  item: UploadItem;
  readonly options: UploadOptions;
  upload: FileUpload | null;
}

/** `atOnce`: uploads on their way at a time, 2 unless given. */
export function createUploads(client: Client<AppLike>, { atOnce = 2 }: { readonly atOnce?: number } = {}): Uploads {
  const entries = new Map<number, Entry>();
  const listeners = new Set<() => void>();
  let snapshot: readonly UploadItem[] = [];
  let keys = 0;

  const tell = () => {
    snapshot = [...entries.values()].map(({ item }) => item);
    for (const listener of listeners) listener();
  };
  const change = (entry: Entry, changes: Partial<UploadItem>) => {
    entry.item = { ...entry.item, ...changes };
    if (entries.has(entry.item.key)) tell();
  };
  const next = () => {
    const all = [...entries.values()];
    const running = all.filter(({ item }) => item.state === "running").length;
    for (const entry of all.filter(({ item }) => item.state === "waiting").slice(0, Math.max(atOnce - running, 0)))
      begin(entry);
  };
  const begin = (entry: Entry) => {
    const { table, file, id } = entry.item;
    const upload = uploadFile(client, table, file, {
      ...entry.options,
      ...(id === null ? {} : { id }),
      onProgress: (progress) => {
        change(entry, { sent: progress.sent, id: upload.id });
        entry.options.onProgress?.(progress);
      },
    });
    entry.upload = upload;
    change(entry, { state: "running", error: null });
    const ended = (changes: Partial<UploadItem>) => {
      change(entry, { ...changes, id: upload.id, state: upload.state });
      next();
    };
    upload.done.then(
      (row) => ended({ row, sent: entry.item.size }),
      (error: unknown) => ended({ error }),
    );
  };
  const on = (key: number, act: (upload: FileUpload, entry: Entry) => void) => {
    const entry = entries.get(key);
    if (entry?.upload == null) return;
    act(entry.upload, entry);
    change(entry, { state: entry.upload.state });
    next();
  };

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    getSnapshot: () => snapshot,
    add(table, file, options = {}) {
      const { name = "", type, size } = fileSource(file);
      const key = ++keys;
      const item: UploadItem = {
        ...{ key, table, file, size, sent: 0, row: null, error: null, state: "waiting" },
        name: options.name ?? name,
        type: options.type ?? type,
        id: options.id ?? null,
      };
      entries.set(key, { item, options, upload: null });
      tell();
      next();
      return key;
    },
    pause: (key) => on(key, (upload) => upload.pause()),
    resume: (key) => on(key, (upload) => upload.resume()),
    abort(key) {
      const entry = entries.get(key);
      if (entry?.item.state === "waiting") change(entry, { state: "aborted" });
      else on(key, (upload) => upload.abort());
    },
    retry(key) {
      const entry = entries.get(key);
      if (entry?.item.state !== "failed") return;
      change(entry, { state: "waiting", error: null });
      next();
    },
    dismiss(key) {
      const entry = entries.get(key);
      if (entry === undefined) return;
      entries.delete(key);
      entry.upload?.abort();
      tell();
      next();
    },
  };
}
