/**
 * YOURS. The pointer's way of moving a card: it is lifted once the pointer has gone a few pixels, follows as a picture of itself, and is let go
 * where the line is. A mouse takes the card anywhere, a finger by its grip, so that a finger elsewhere scrolls. Touches the DOM, not React.
 */

import type { Status, Task } from "./columns.ts";
import type { Lifting } from "./use-lift.ts";

const LIFT_PX = 5;
const EDGE_PX = 48;

/** Called for `pointerdown` on a card; everything after it is heard here. */
export function dragCard(event: PointerEvent, card: HTMLElement, task: Task, lifting: Lifting): void {
  const isGrip = (event.target as Element).closest(".grip") !== null;
  if (event.button !== 0 || (event.pointerType !== "mouse" && !isGrip)) return;
  const start = { x: event.clientX, y: event.clientY };
  const box = card.getBoundingClientRect();
  const ends = new AbortController();
  const { signal } = ends;
  let ghost: HTMLElement | null = null;
  const follow = ({ clientX, clientY }: PointerEvent) => {
    if (ghost === null) {
      if (Math.hypot(clientX - start.x, clientY - start.y) < LIFT_PX) return;
      ghost = ghostOf(card, box);
      lifting.begin(task, "pointer");
    }
    ghost.style.transform = `translate(${box.left + clientX - start.x}px, ${box.top + clientY - start.y}px)`;
    const target = targetAt(clientX, clientY, task.id);
    if (target !== null) lifting.aim(target);
  };
  const end = (finish: () => void) => {
    ends.abort();
    if (ghost === null) return;
    ghost.remove();
    // The click that follows is not one on the card.
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }));
    finish();
  };
  addEventListener("pointermove", follow, { signal });
  addEventListener("pointerup", () => end(lifting.drop), { signal });
  addEventListener("pointercancel", () => end(lifting.cancel), { signal });
  addEventListener("keydown", ({ key }) => key === "Escape" && end(lifting.cancel), { signal });
}

function targetAt(x: number, y: number, moved: string): { readonly status: Status; readonly index: number } | null {
  const columns = [...document.querySelectorAll<HTMLElement>(".column")];
  const column = columns.find((each) => {
    const { left, right } = each.getBoundingClientRect();
    return x >= left && x <= right;
  });
  const cards = column?.querySelector<HTMLElement>(".cards");
  if (column === undefined || cards == null) return null;
  scrollAtEdge(cards, y);
  const others = [...cards.querySelectorAll<HTMLElement>(".card")].filter(({ dataset }) => dataset.task !== moved);
  const index = others.findIndex((card) => {
    const { top, height } = card.getBoundingClientRect();
    return y < top + height / 2;
  });
  return { status: column.dataset.status as Status, index: index < 0 ? others.length : index };
}

function scrollAtEdge(list: HTMLElement, y: number): void {
  const { top, bottom } = list.getBoundingClientRect();
  if (y < top + EDGE_PX) list.scrollBy(0, -12);
  else if (y > bottom - EDGE_PX) list.scrollBy(0, 12);
}

function ghostOf(card: HTMLElement, { width }: DOMRect): HTMLElement {
  const ghost = document.createElement("div");
  ghost.className = "ghost";
  ghost.style.width = `${width}px`;
  ghost.setAttribute("aria-hidden", "true");
  ghost.textContent = card.querySelector(".name")?.textContent ?? "";
  document.body.appendChild(ghost);
  return ghost;
}

function swallow(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}
