/**
 * YOURS. A field that is typed into over a live row. Others' changes show, but never under somebody's typing; what was typed is saved by Enter, when the
 * field is left, and when it goes in whatever way (Back, the row, the page); Escape gives it up. With `keepAs` it is kept instead until it is sent.
 */

import { type ChangeEvent, type FocusEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { type Draft, drafted, isChanged, keyMeaning, type Typing } from "./draft.ts";
import { keepDraft, keptDraft } from "./kept-drafts.ts";
import { say } from "./say.tsx";

type Field = HTMLInputElement | HTMLTextAreaElement;

export interface DraftOptions<Base> {
  /** What stands there while nobody types, */
  readonly shown: string;
  /** and the row that it is of. */
  readonly base: Base;
  /** Stores what was typed, on the row as it was at the first change. Where that fails the text is put back. */
  readonly save: (typed: Typing, base: Base) => Promise<unknown> | undefined;
  readonly notStored: string;
  readonly keepAs?: string;
}

export interface DraftField {
  readonly value: string;
  readonly onChange: (event: ChangeEvent<Field>) => void;
  readonly onBlur: (event: FocusEvent<Field>) => void;
  readonly onKeyDown: (event: KeyboardEvent<Field>) => void;
}

/** The properties of the field, and what saves it by a button. */
export function useDraft<Base>(options: DraftOptions<Base>): readonly [DraftField, () => void] {
  const { shown, keepAs } = options;
  const [draft, setDraft] = useState(() => (keepAs === undefined ? null : (keptDraft(keepAs) as Draft<Base> | null)));
  // What is heard after the last rendering sees these.
  const latest = useRef(draft);
  const asked = useRef(options);
  useEffect(() => {
    asked.current = options;
  });
  const put = (next: Draft<Base> | null) => {
    latest.current = next;
    setDraft(next);
    if (keepAs !== undefined) keepDraft(keepAs, next);
  };
  const finish = () => {
    const { current } = latest;
    if (current === null) return;
    const { save, notStored } = asked.current;
    const stored = isChanged(current) ? save(current, current.base) : undefined;
    latest.current = null;
    if (keepAs !== undefined) keepDraft(keepAs, null);
    // What was shown before is not shown again until the row shows what was typed.
    const isShownMeanwhile = stored !== undefined && keepAs === undefined;
    if (!isShownMeanwhile) setDraft(null);
    stored?.then(
      () => isShownMeanwhile && setDraft(latest.current),
      () => {
        if (latest.current === null) put(current);
        say(notStored);
      },
    );
  };
  const ending = useRef(finish);
  useEffect(() => {
    if (keepAs !== undefined) return;
    const end = () => ending.current();
    // Of a page that is left, as far as the browser still stores it: told before it goes and, on phones, while it does.
    addEventListener("beforeunload", end);
    addEventListener("pagehide", end);
    return () => {
      removeEventListener("beforeunload", end);
      removeEventListener("pagehide", end);
      end();
    };
  }, [keepAs]);
  const read = (field: Field): Typing => ({ text: field.value, isWhole: field.validity.valid });
  const type = (field: Field) => put(drafted(latest.current, read(field), options));
  return [
    {
      value: draft?.text ?? shown,
      onChange: ({ currentTarget }) => type(currentTarget),
      onBlur: ({ currentTarget }) => {
        if (keepAs !== undefined || latest.current === null) return;
        type(currentTarget);
        clear(currentTarget, shown);
        finish();
      },
      onKeyDown: (event) => {
        const { currentTarget } = event;
        // Half of a date tells of no change, and would be wiped by others' changes.
        if (currentTarget.type === "date" && /^(\d|Backspace|Delete)$/.test(event.key)) type(currentTarget);
        if (keepAs !== undefined || latest.current === null) return;
        const meaning = keyMeaning(event.nativeEvent);
        if (meaning === null) return;
        // Enter makes no new line, and Escape gives the typing up, not the sheet.
        event.preventDefault();
        event.stopPropagation();
        if (meaning === "save") type(currentTarget);
        clear(currentTarget, shown);
        if (meaning === "save") finish();
        else put(null);
      },
    },
    finish,
  ];
}

/** Takes half of a date out of its field: React sees no difference between that and an empty one. */
function clear(field: Field, shown: string): void {
  if (field.validity.badInput) field.value = shown;
}
