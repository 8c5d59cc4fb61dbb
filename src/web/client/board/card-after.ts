/**
 * YOURS. Which card has the focus after the one that had it: the same, which is another element in its new column, or else the next. For who goes
 * about by keys; the pointer needs no focus, and the board would scroll to it. Touches the DOM, not React.
 */

export function cardAfter(focused: Element | null): () => HTMLElement | null {
  const [card, column, board] = [".card", ".column", ".columns"].map((part) => focused?.closest<HTMLElement>(part));
  if (!card || !column || !board || !focused?.matches(":focus-visible")) return () => null;
  const linksIn = (part: Element) => [...part.querySelectorAll<HTMLElement>(".card .open")];
  const index = linksIn(column).findIndex((link) => card.contains(link));
  return () => {
    const same = linksIn(board).find((link) => link.closest<HTMLElement>(".card")?.dataset.task === card.dataset.task);
    const others = linksIn(column);
    return same ?? others[Math.min(index, others.length - 1)] ?? null;
  };
}
