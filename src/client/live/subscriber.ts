/**
 * Callbacks of one subscription, in both vocabularies ([CI5]), from one source: what happened to the view of its watch. The first
 * snapshot is told as rows that exist; one that takes another's place as the difference between them, so whoever keeps rows by the
 * callbacks holds what is shown.
 */

import type { RowId } from "../../core/ids.ts";
import type { LiveView, ViewChange, ViewStep } from "../../core/live/live-view.ts";
import type { LedgeError } from "../ledge-error.ts";
import type { AggregateCallbacks, ChangeCallbacks, LiveCallbacks } from "./live-types.ts";
import type { WatchListener } from "./live-watch.ts";

type AnyRow = Readonly<Record<string, unknown>>;
type Callbacks = LiveCallbacks<AnyRow> & AggregateCallbacks<AnyRow>;

/** What a subscriber reads of its watch. */
export interface ShownWatch {
  readonly view: LiveView | null;
  readonly seq: number;
  rows(): readonly AnyRow[];
}

const EVENT_TYPES = { added: "INSERT", changed: "UPDATE", removed: "DELETE" } as const;

export class Subscriber implements WatchListener {
  readonly #callbacks: Callbacks;
  readonly #table: string;
  readonly #wants: (eventType: string) => boolean;
  #hasBegun = false;

  constructor(callbacks: Callbacks, table: string, event: string | undefined) {
    this.#callbacks = callbacks;
    this.#table = table;
    this.#wants = (eventType) => event === undefined || event === "*" || event === eventType;
  }

  shown(steps: readonly ViewStep[], before: LiveView | null, watch: ShownWatch): void {
    for (const step of steps) {
      if (step.kind === "commit") this.#commit(step);
      else if (step.after !== null && !this.#hasBegun) this.#existing(step.after);
      else this.#changes(difference(before, step.after), step.seq, null);
    }
    this.#whole(watch);
  }

  begin(watch: ShownWatch): void {
    if (watch.view === null || this.#hasBegun) return;
    this.#existing(watch.view);
    this.#whole(watch);
  }

  #existing(view: LiveView): void {
    this.#hasBegun = true;
    for (const { row } of view.rows.values()) this.#call(() => this.#callbacks.onExisting?.(row));
  }

  #whole(watch: ShownWatch): void {
    const { onRows, onResult } = this.#callbacks;
    const { view, seq } = watch;
    if (onRows !== undefined) this.#call(() => onRows({ rows: watch.rows(), hasMore: view?.hasMore ?? null }));
    const aggregate = view?.aggregate;
    if (aggregate != null) this.#call(() => onResult?.(aggregate, seq));
  }

  connected(seq: number, key: string): void {
    this.#call(() => this.#callbacks.onConnected?.(seq));
    this.#call(() => this.#callbacks.onSubscribed?.({ key }));
  }

  invalidated(reason: string): void {
    this.#call(() => this.#callbacks.onInvalidate?.(reason));
  }

  disconnected(): void {
    this.#call(() => this.#callbacks.onDisconnected?.());
  }

  timedOut(): void {
    this.#call(() => this.#callbacks.onTimedOut?.());
  }

  closed(): void {
    this.#call(() => this.#callbacks.onClosed?.());
  }

  failed(error: LedgeError): void {
    this.#call(() => this.#callbacks.onError?.(error));
  }

  status(status: Parameters<NonNullable<Callbacks["onStatus"]>>[0]): void {
    this.#call(() => this.#callbacks.onStatus?.(status));
  }

  #commit({ seq, at, txid, changes }: Extract<ViewStep, { kind: "commit" }>): void {
    this.#hasBegun = true;
    this.#changes(changes, seq, at);
    if (changes.length === 0) return;
    this.#call(() => this.#callbacks.onCommit?.({ seq, ...(txid !== undefined && { txid }), changes }));
  }

  /** `at`: time of the commit in ms; null where it is not known. */
  #changes(changes: readonly ViewChange[], seq: number, at: number | null): void {
    for (const change of changes) {
      this.#rowCallbacks(change, seq);
      this.#changeCallbacks(change, seq, at);
    }
  }

  #rowCallbacks({ op, id, row, previous, optimisticId, why }: ViewChange, seq: number): void {
    const meta = { seq, ...(optimisticId !== undefined && { optimisticId }), ...(why !== undefined && { why }) };
    const { onAdded, onChanged, onRemoved } = this.#callbacks;
    if (op === "removed" || row === undefined) this.#call(() => onRemoved?.(id, previous));
    else if (op === "added") this.#call(() => onAdded?.(row, meta));
    else this.#call(() => onChanged?.(row, previous));
  }

  #changeCallbacks({ op, row, previous }: ViewChange, seq: number, at: number | null): void {
    const eventType = EVENT_TYPES[op];
    if (!this.#wants(eventType)) return;
    const { onInsert, onUpdate, onDelete, onAll }: ChangeCallbacks<AnyRow> = this.#callbacks;
    if (op === "removed" || row === undefined) this.#call(() => onDelete?.(previous));
    else if (op === "added") this.#call(() => onInsert?.(row));
    else this.#call(() => onUpdate?.(row, previous));
    const commitTimestamp = at === null ? null : new Date(at).toISOString();
    const change = { eventType, new: row ?? null, old: previous ?? null, table: this.#table, commitTimestamp, seq };
    this.#call(() => onAll?.(change));
  }

  /** A callback that throws is its own matter: the rows of others go on. */
  #call(run: () => void): void {
    try {
      run();
    } catch (error) {
      void Promise.resolve().then(() => {
        throw error;
      });
    }
  }
}

/** From what was shown to what is, as changes. */
function difference(before: LiveView | null, after: LiveView | null): ViewChange[] {
  const changes: ViewChange[] = [];
  const rows = after?.rows ?? new Map<RowId, never>();
  for (const [id, { row: previous }] of before?.rows ?? [])
    if (!rows.has(id)) changes.push({ op: "removed", id, previous });
  for (const [id, { row, v }] of rows) {
    const held = before?.rows.get(id);
    if (held === undefined) changes.push({ op: "added", id, row });
    else if (held.v !== v) changes.push({ op: "changed", id, row, previous: held.row });
  }
  return changes;
}
