/**
 * YOURS. What somebody types over what a field shows: begun by the first change, on the row that was shown then. Pure: use-draft.ts says when one is
 * saved, kept or given up.
 */

/** What stands in a field. */
export interface Typing {
  readonly text: string;
  /** False: half of a date, which is no value; its text is empty. */
  readonly isWhole: boolean;
}

export interface Draft<Base> extends Typing {
  /** What the field showed before the first change, */
  readonly over: string;
  /** and the row it showed it of. */
  readonly base: Base;
}

/** The draft after a change; `shown` and `base` count for the first one alone, whatever others do afterwards. */
export function drafted<Base>(
  draft: Draft<Base> | null,
  { text, isWhole }: Typing,
  { shown, base }: { readonly shown: string; readonly base: Base },
): Draft<Base> {
  return { over: draft?.over ?? shown, base: draft === null ? base : draft.base, text, isWhole };
}

/** Whether there is anything to save, or to say, when it ends. */
export function isChanged({ text, isWhole, over }: Draft<unknown>): boolean {
  return !isWhole || text !== over;
}

/** What a key means in a field; nothing while it belongs to an input method, whose Enter takes a candidate. */
export function keyMeaning({ key, isComposing, keyCode }: Key): "save" | "revert" | null {
  // 229: Safari has ended the composition by the time that it tells of the key that did.
  if (isComposing || keyCode === 229) return null;
  return key === "Enter" ? "save" : key === "Escape" ? "revert" : null;
}

/** Of a keyboard event. */
interface Key {
  readonly key: string;
  readonly isComposing: boolean;
  readonly keyCode: number;
}
