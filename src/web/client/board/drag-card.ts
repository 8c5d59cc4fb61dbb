/**
 * YOURS. The pointer's way of moving a card: it is lifted once the pointer has gone a few pixels, follows as a picture of itself, and is let go
 * where the line is. A mouse takes the card anywhere, a finger by its grip, so that a finger elsewhere scrolls; what lies beyond an edge
 * comes while the card is held there. Touches the DOM, not React.
 */

import type { Status, Task } from "./columns.ts";
import type { Lifting } from "./use-lift.ts";

const LIFT_PX = 5;
const EDGE_PX = 40;
const STEP_PX = 8;

/** Called for `pointerdown` on a card; everything after it is heard here. */
export function dragCard(event: PointerEvent, card: HTMLElement, task: Task, lifting: Lifting): void {
  const isGrip = (event.target as Element).closest(".grip") !== null;
  if (event.button !== 0 || (event.pointerType !== "mouse" && !isGrip)) return;
  const start = { x: event.clientX, y: event.clientY };
  const box = card.getBoundingClientRect();
  const ends = new AbortController();
  const { signal } = ends;
  let ghost: HTMLElement | null = null;
  let at = start;
  let frame = 0;
  const follow = ({ clientX, clientY }: PointerEvent) => {
    at = { x: clientX, y: clientY };
    if (ghost === null) {
      if (Math.hypot(at.x - start.x, at.y - start.y) < LIFT_PX) return;
      ghost = ghostOf(card, box);
      lifting.begin(task, "pointer");
      aim();
    }
    ghost.style.transform = `translate(${box.left + at.x - start.x}px, ${box.top + at.y - start.y}px)`;
  };
  // In each frame, since the board goes on scrolling under a pointer that is held at its edge.
  const aim = () => {
    const target = targetAt(at, task.id);
    if (target !== null) lifting.aim(target);
    frame = requestAnimationFrame(aim);
  };
  const end = (finish: () => void) => {
    ends.abort();
    if (ghost === null) return;
    cancelAnimationFrame(frame);
    const target = targetAt(at, task.id);
    if (target !== null) lifting.aim(target);
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

interface Point {
  readonly x: number;
  readonly y: number;
}

function targetAt({ x, y }: Point, moved: string): { readonly status: Status; readonly index: number } | null {
  const board = document.querySelector<HTMLElement>(".columns");
  const columns = [...document.querySelectorAll<HTMLElement>(".column")];
  const column = columns.find((each) => {
    const { left, right } = each.getBoundingClientRect();
    return x >= left && x <= right;
  });
  const cards = column?.querySelector<HTMLElement>(".cards");
  // A phone shows one column and the edge of the next.
  board?.scrollBy(beyond(x, board.getBoundingClientRect().left, board.getBoundingClientRect().right), 0);
  if (column === undefined || cards == null) return null;
  const { top, bottom } = cards.getBoundingClientRect();
  cards.scrollBy(0, beyond(y, top, bottom));
  const others = [...cards.querySelectorAll<HTMLElement>(".card")].filter(({ dataset }) => dataset.task !== moved);
  const index = others.findIndex((card) => {
    const { top, height } = card.getBoundingClientRect();
    return y < top + height / 2;
  });
  return { status: column.dataset.status as Status, index: index < 0 ? others.length : index };
}

/** How far to scroll in a frame for a pointer near one of two edges. */
function beyond(at: number, from: number, to: number): number {
  if (at < from + EDGE_PX) return -STEP_PX;
  return at > to - EDGE_PX ? STEP_PX : 0;
}

function ghostOf(card: HTMLElement, { width }: DOMRect): HTMLElement {
  const ghost = document.createElement("div");
  ghost.className = "ghost";
  ghost.style.width = `${width}px`;
  ghost.setAttribute("aria-hidden", "true");
  ghost.dir = "auto";
  ghost.textContent = card.querySelector(".name")?.textContent ?? "";
  document.body.appendChild(ghost);
  return ghost;
}

function swallow(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}
