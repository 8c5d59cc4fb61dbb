/** The machine of a handler's turn, step by step: what it asks, when it rests, what it does without an answer. And signs of life. */

import { expect, it } from "vitest";
import { beginTurn, finishOf, type HandlerEvent, handlersFor, stepTurn } from "../../../src/core/jobs/handler-turn.ts";
import type { JobRow } from "../../../src/core/jobs/job-row.ts";
import type { Finish } from "../../../src/core/jobs/job-turns.ts";
import { beginLife, nextSignMs, progressTold, signHeard, signSent } from "../../../src/core/jobs/signs-of-life.ts";

const JOB = { id: "a", attempt: 1 } as JobRow;
const FINISH: Finish = { id: "a", attempt: 1, outcome: { kind: "completed", result: null } };

/** What a turn that began at 0 does, told these things at these times. */
function actions(...told: readonly (readonly [number, HandlerEvent])[]): string[] {
  let step = beginTurn(0);
  const shown = () => {
    const { action } = step;
    if (action.kind !== "ask") return action.kind;
    return `ask${action.finish === null ? "" : " finish"}${action.isClaiming ? " claim" : ""}`;
  };
  const all = [shown()];
  for (const [atMs, event] of told) {
    step = stepTurn(step.turn, event, atMs);
    all.push(shown());
  }
  return all;
}
const job: HandlerEvent = { kind: "answered", job: JOB, isMore: false };
const nothing = (isMore: boolean): HandlerEvent => ({ kind: "answered", job: null, isMore });
const ended: HandlerEvent = { kind: "ended", finish: FINISH };
const lost: HandlerEvent = { kind: "unanswered" };

it("[J13] a handler ends one job and claims the next at once, and rests when there is none", () => {
  expect(actions([1, job], [2, ended], [3, nothing(false)])).toEqual(["ask claim", "run", "ask finish claim", "rest"]);
});

it("[J13] after its stretch a handler claims no more, and calls another while jobs are in line", () => {
  expect(actions([1, job], [30_000, ended], [30_001, nothing(true)])).toEqual([
    "ask claim",
    "run",
    "ask finish",
    "call",
  ]);
});

it("[J13] an end without an answer is told again, without a claim, three times; a claim without one is not", () => {
  expect(actions([1, lost])).toEqual(["ask claim", "fail"]);
  expect(actions([1, job], [2, ended], [3, lost], [4, lost], [5, lost], [6, lost])).toEqual([
    ...["ask claim", "run", "ask finish claim"],
    ...["ask finish", "ask finish", "ask finish", "fail"],
  ]);
  expect(actions([1, job], [2, ended], [3, lost], [4, nothing(true)]).at(-1)).toBe("call");
});

it("[J13] a result that its row cannot hold ends the job at once, and says what to do", () => {
  const [isRecorded, isStale] = [false, false];
  const returned = { kind: "returned", result: 1, bytes: 1 } as const;
  expect(finishOf(JOB, returned, { isRecorded, isStale: true })).toBeNull();
  expect(finishOf(JOB, returned, { isRecorded: true, isStale })).toBeNull();
  expect(finishOf(JOB, returned, { isRecorded, isStale })?.outcome).toEqual({ kind: "completed", result: 1 });
  const finish = finishOf(JOB, { kind: "returned", result: "…", bytes: 376_833 }, { isRecorded, isStale });
  expect(finish?.outcome).toEqual({
    kind: "failed",
    error: "The result has 376833 bytes, limit is 376832: store it, and return its id",
    mayRetry: false,
  });
});

it("[J10] a commit with many jobs calls ten handlers at most", () => {
  expect([1, 10, 500].map(handlersFor)).toEqual([1, 10, 10]);
});

it("[J7] signs go three times a lease, progress at once and then each second; what was lost goes again", () => {
  let life = beginLife(0, 30_000);
  expect(nextSignMs(life)).toBe(10_000);
  life = progressTold(life, 40.4, "x".repeat(300));
  expect(nextSignMs(life)).toBe(0);
  life = signSent(life, 5);
  expect([life.sent, nextSignMs(life)]).toEqual([{ progress: 40, note: "x".repeat(200) }, null]);
  life = signHeard(life, null).life;
  expect([life.told?.progress, nextSignMs(life)]).toEqual([40, 1005]);
  life = signSent(progressTold(life, Number.NaN, null), 1005);
  expect(life.sent).toEqual({ progress: 0, note: null });
  expect(signHeard(life, { isStale: false, isCancelled: true }).stop).toBe("cancelled");
  expect(signHeard(life, { isStale: true, isCancelled: true })).toMatchObject({ stop: "taken over" });
  expect(nextSignMs(signHeard(life, { isStale: false, isCancelled: false }).life)).toBe(11_005);
});
