/**
 * Faults for `npm run mutants:live` (test/mutants/live.ts): each takes out, or turns round, one line that keeps a rule of live queries, and
 * names a seed of the simulator that must then find a problem. Found again with `node test/mutants/live.ts --search`.
 */

export interface LiveFault {
  readonly rule: string;
  /** What the product then forgets. */
  readonly what: string;
  /** Under src/core/live. */
  readonly file: string;
  /** Stands exactly once in the file, in whatever layout. */
  readonly find: string;
  readonly replace: string;
  readonly seed: number;
}

export const LIVE_FAULTS: readonly LiveFault[] = [
  {
    rule: "LV1",
    what: "a row that leaves the filter is not told",
    file: "transition.ts",
    find: 'return wasIn ? "removed" : null;',
    replace: 'return after === null && wasIn ? "removed" : null;',
    seed: 1,
  },
  {
    rule: "LV1",
    what: "only the image after is looked up in the index",
    file: "predicate-index.ts",
    find: "for (const value of old === fresh ? [old] : [old, fresh]) {",
    replace: "for (const value of [fresh]) {",
    seed: 1,
  },
  {
    rule: "LV12",
    what: "a row pushed out of a window is not told",
    file: "live-window.ts",
    find: 'if (!isShown.has(id) && !this.#touched.has(id)) news.push({ op: "removed", id, why: "window" });',
    replace: "",
    seed: 1,
  },
  {
    rule: "LA3",
    what: "a row that left is not taken back from an aggregate",
    file: "live-aggregate.ts",
    find: "if (wasIn) this.#retract(before);",
    replace: "",
    seed: 12,
  },
  {
    rule: "WS4",
    what: "after waking what had not been sent is not looked for",
    file: "live-server.ts",
    find: "if (isBehind) state.isLagging = true;",
    replace: "",
    seed: 7,
  },
  {
    rule: "WS4",
    what: "a client does not compare the position before",
    file: "client-session.ts",
    find: "if (this.#received !== null && prev !== this.#received) return false;",
    replace: "",
    seed: 35,
  },
  {
    rule: "WS6",
    what: "a resume does not look at the epoch",
    file: "opening-texts.ts",
    find: 'if (since.epoch !== source.epoch) return "epoch";',
    replace: "",
    seed: 5,
  },
  {
    rule: "RV3",
    what: "a resume does not look at the tag",
    file: "opening-texts.ts",
    find: 'if (since.tag !== group.tag) return "scope";',
    replace: "",
    seed: 77,
  },
  {
    rule: "WS6",
    what: "a resume below the floor is answered with what is left",
    file: "opening-texts.ts",
    find: 'if (commits === null) return "gap";',
    replace: "if (commits === null) return [resumedText(place, true)];",
    seed: 53,
  },
  {
    rule: "WS6",
    what: "a window resumes although it changed",
    file: "opening-texts.ts",
    find: 'if (group.isKept && commits.some((commit) => group.touches(commit.changes))) return "gap";',
    replace: "",
    seed: 1,
  },
  {
    rule: "WS11",
    what: "a socket that lagged goes on without what it missed",
    file: "live-session.ts",
    find: "if (texts.length === 0) continue;",
    replace: "if (texts.length >= 0) continue;",
    seed: 1,
  },
  {
    rule: "WS11",
    what: "a window that changed while the socket lagged is not reset",
    file: "live-session.ts",
    find: 'if (isTouched && watch.phase === "live") reopen(watch, "slow-consumer");',
    replace: "",
    seed: 7,
  },
  {
    rule: "CC2",
    what: "each object is shown as it comes",
    file: "client-picture.ts",
    find: 'if (this.#port.consistency === "object") return [...rest]',
    replace: 'if (this.#port.consistency !== "transaction" || rest.size > 0) return [...rest]',
    seed: 182,
  },
  {
    rule: "CC3",
    what: "a new watch does not wait for its own object to catch up",
    file: "client-picture.ts",
    find: "for (const name of isAlone ? [] : this.#objects.keys()) needs.set(name,",
    replace:
      "for (const name of isAlone ? [] : [...this.#objects.keys()].filter((each) => each !== event.object)) needs.set(name,",
    seed: 13,
  },
  {
    rule: "CC3",
    what: "a question does not wait for what was prepared",
    file: "live-session.ts",
    find: "if (isEarly || isUnsettled || !maySend(this.state))",
    replace: "if (isEarly || !maySend(this.state))",
    seed: 35,
  },
  {
    rule: "CC4",
    what: "a part that has not come is not asked for",
    file: "client-picture.ts",
    find: "ask(object, txid);\n  }",
    replace: "void ask;\n  }",
    seed: 1,
  },
  {
    rule: "WS6",
    what: "an object moves on before all its watches have replayed",
    file: "client-picture.ts",
    find: "buffered: recovering.size > 0 ? [] : buffered",
    replace: "buffered",
    seed: 1,
  },
];
