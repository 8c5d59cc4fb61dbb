/**
 * Which steps a client may show next, from what waits of its objects: closed under transactions ([CC2]), each the smallest, and how many
 * of them have to be one step for what was reset to be replaced in it ([CC5]). Pure; used by `ClientPicture`.
 */

import { closedCut, type SettledAt, type Watched, type WatchedObject } from "../commit/closed-cut.ts";
import type { ObjectName } from "../ids.ts";
import type { Buffered, ObjectState } from "./commit-buffer.ts";

/** How many commits of each object are shown at once. */
export type Step = ReadonlyMap<ObjectName, number>;

/** Every step that what is buffered allows, in order; each counts from the one before. `settledAt` null: each commit is a step. */
export function closedSteps(objects: ReadonlyMap<ObjectName, ObjectState>, settledAt: SettledAt | null): Step[] {
  const rest = new Map<ObjectName, WatchedObject<Buffered>>();
  for (const [name, { shownSeq, buffered, recovering }] of objects)
    rest.set(name, { shownSeq, buffered: recovering.size > 0 ? [] : buffered });
  if (settledAt === null) return [...rest].flatMap(([name, { buffered }]) => buffered.map(() => new Map([[name, 1]])));
  const steps: Step[] = [];
  for (;;) {
    const cut = closedCut(rest, settledAt);
    if (cut === null) return steps;
    steps.push(cut);
    for (const [name, count] of cut) {
      const object = rest.get(name);
      if (object === undefined) continue;
      const shownSeq = object.buffered[count - 1]?.seq ?? object.shownSeq;
      rest.set(name, { shownSeq, buffered: object.buffered.slice(count) });
    }
  }
}

/** How many of the steps bring the objects where it holds what is asked of their positions; null: all of them do not. */
export function stepsUntil(
  objects: Watched,
  steps: readonly Step[],
  isReached: (shownSeq: (name: ObjectName) => number | undefined) => boolean,
): number | null {
  const ahead = new Map([...objects].map(([name, { shownSeq }]) => [name, shownSeq]));
  const taken = new Map<ObjectName, number>();
  for (let count = 0; count <= steps.length; count++) {
    if (isReached((name) => ahead.get(name))) return count;
    for (const [name, more] of steps[count] ?? []) {
      const total = (taken.get(name) ?? 0) + more;
      taken.set(name, total);
      ahead.set(name, objects.get(name)?.buffered[total - 1]?.seq ?? 0);
    }
  }
  return null;
}
