/**
 * YOURS. Focus that is not lost with the element that had it: where that goes by itself (a card that was moved or removed, a write that was decided
 * about), its successor has it. Who has put the focus elsewhere, or on nothing, keeps it there. Touches the DOM, not React.
 */

import { type RefObject, useEffect, useEffectEvent } from "react";

/** Asked when an element has the focus and when a key is pressed there; the answer, when it is gone. */
export type Successor = (focused: Element, root: HTMLElement) => () => HTMLElement | null;

export function useKeptFocus(root: RefObject<HTMLElement | null>, successor: Successor): void {
  const follow = useEffectEvent((focused: Element, part: HTMLElement) => successor(focused, part));
  useEffect(() => {
    const { current: part } = root;
    if (part === null) return;
    let held: { readonly element: Element; readonly next: ReturnType<Successor> } | null = null;
    const hold = (element: Element) => {
      held = part.contains(element) ? { element, next: follow(element, part) } : null;
    };
    const onFocus = ({ target }: Event) => hold(target as Element);
    const onKey = () => document.activeElement !== null && hold(document.activeElement);
    // Whoever points at nothing wants the focus there.
    const onPointer = ({ target }: Event) => {
      if (held !== null && !held.element.contains(target as Element)) held = null;
    };
    const observer = new MutationObserver(() => {
      if (held === null || document.activeElement !== document.body) return;
      const { element, next } = held;
      // An element that was moved within the page has lost it, too.
      const heir = element.isConnected ? (element as HTMLElement) : next();
      heir?.focus();
    });
    observer.observe(part, { childList: true, subtree: true });
    document.addEventListener("focusin", onFocus);
    document.addEventListener("keydown", onKey, { capture: true });
    document.addEventListener("pointerdown", onPointer);
    onKey();
    return () => {
      observer.disconnect();
      document.removeEventListener("focusin", onFocus);
      document.removeEventListener("keydown", onKey, { capture: true });
      document.removeEventListener("pointerdown", onPointer);
    };
  }, [root]);
}
