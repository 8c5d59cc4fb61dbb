/**
 * A browser of the simulation: one person, the storage that its tabs share, the lock that says which of them leads, the channel between them.
 * A stored change is durable when it happens; what a tab held in memory is gone with it.
 */

import type { ShownRow } from "../../../src/core/live/server-frames.ts";
import type { EntryChange, EntryDraft, OutboxEntry } from "../../../src/core/offline/outbox-entry.ts";
import type { TabMessage } from "../../../src/core/offline/tab-message.ts";

export interface BrowserTab {
  readonly isAlive: boolean;
  lead(): void;
  /** Another tab has taken the lock. */
  lost(): void;
  /** Now, or once it runs again. */
  whenRuns(run: () => void): void;
  switched(): void;
  hear(message: TabMessage): void;
}

export class SimBrowser {
  readonly user: string;
  readonly entries = new Map<string, OutboxEntry>();
  /** Rows that outlive the page, by partition, with the position they stand at. */
  readonly kept = new Map<
    string,
    { readonly position: string; readonly rows: readonly ShownRow[]; readonly by: BrowserTab }
  >();
  tabs: BrowserTab[] = [];
  leader: BrowserTab | null = null;
  isOnline = true;
  isSignedIn = true;
  /** Who sits there: its person, another, or nobody. */
  present: string;
  /** Difference between its clock and the server's. */
  skewMs = 0;
  #place = 0;

  constructor(user: string) {
    this.user = user;
    this.present = user;
  }

  add(draft: EntryDraft): OutboxEntry {
    const entry: OutboxEntry = { ...draft, place: ++this.#place, rev: 0, state: { kind: "queued" } };
    this.entries.set(entry.key, entry);
    return entry;
  }

  /** All or none; false when one of them is not what it was thought to be. */
  commit(changes: readonly EntryChange[]): boolean {
    if (changes.some(({ before }) => this.entries.get(before.key)?.rev !== before.rev)) return false;
    for (const { before, after } of changes) {
      if (after === null) this.entries.delete(before.key);
      else this.entries.set(before.key, after);
    }
    return true;
  }

  all(): OutboxEntry[] {
    return [...this.entries.values()];
  }

  /** One leaves, and whoever comes sees nothing of what was kept. */
  switchTo(present: string): void {
    this.present = present;
    this.kept.clear();
    for (const tab of this.tabs) if (tab.isAlive) tab.switched();
  }

  get isAway(): boolean {
    return this.present !== this.user;
  }

  /** It stands in line again, behind all others. */
  handOn(tab: BrowserTab): void {
    this.tabs = [...this.tabs.filter((each) => each !== tab), tab];
    // Of a lock that was taken nothing can be handed on.
    if (this.leader !== tab) return;
    this.leader = null;
    this.elect();
  }

  /** Takes the lock from whoever has it, who hears of it once it runs. */
  steal(tab: BrowserTab): void {
    const robbed = this.leader;
    this.tabs = [...this.tabs.filter((each) => each !== robbed), ...(robbed === null ? [] : [robbed])];
    this.leader = tab;
    robbed?.lost();
    tab.lead();
  }

  /** The lock goes to the tab that has waited longest. */
  elect(): void {
    this.tabs = this.tabs.filter(({ isAlive }) => isAlive);
    if (this.leader?.isAlive === true) return;
    this.leader = this.tabs[0] ?? null;
    const { leader } = this;
    leader?.whenRuns(() => this.leader === leader && leader.lead());
  }
}
