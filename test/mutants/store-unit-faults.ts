/**
 * Faults of the live store, and of event streams, that the simulator does not reach, since they lie in the client's shell or behind what it models:
 * each against the unit test that holds it. For `npm run mutants:store` (`foundation.ts`).
 */

import type { PlantedFault } from "./foundation-faults.ts";

export const STORE_UNIT_FAULTS: readonly PlantedFault[] = [
  {
    folder: "client",
    rule: "CI4",
    file: "src/client/live/live-hub.ts",
    find: "request, this.#feed(picture));",
    replace: "request, this.#feed(this.#picture));",
    test: "streams-of-one-object",
    name: "[CI4] a commit that one stream brings after another",
  },
  {
    folder: "client",
    rule: "SS5",
    file: "src/client/live/live-hub.ts",
    find: 'const picture = this.#makePicture({ consistency: "object", sync: () => false, reopen() {} });',
    replace:
      'const picture = [...this.#streams.values()][0]?.picture ?? this.#makePicture({ consistency: "object", sync: () => false, reopen() {} });',
    test: "streams-of-one-object",
    name: "[SS5] [CI4] a stream resumes from what it brought itself",
  },
  {
    folder: "client/store",
    rule: "CI6",
    file: "src/core/store/store-core.ts",
    find: "for (const place of places) this.#askFor(place, awaited);",
    replace: "",
    test: "store",
    name: "[LS3] a write that no watch sees falls",
  },
  {
    folder: "client/store",
    rule: "LS3",
    file: "src/core/store/shown-list.ts",
    find: "(shape.takes(row) ?? held !== undefined)",
    replace: "(shape.takes(row) || held !== undefined)",
    test: "store",
    name: "[LS3] a filter that is known here",
  },
  {
    folder: "client/store",
    rule: "LS11",
    file: "src/client/store/live-store.ts",
    find: "const hasTakenPlace = (entry === null || isOwn(entry)) && this.core.news(key, entry);",
    replace: "const hasTakenPlace = this.core.news(key, entry);",
    test: "kept-rows",
    name: "[LS11] writes of another person",
  },
  {
    folder: "client/store",
    rule: "LS11",
    file: "src/client/store/row-keeper.ts",
    find: "return owner === this.#wiring.owner() ? kept : null;",
    replace: "return kept;",
    test: "kept-rows",
    name: "[LS11] what is read for one person",
  },
  {
    folder: "client/store",
    rule: "LS11",
    file: "src/client/store/live-store.ts",
    find: "void this.#wiring.keeper?.clear();\n    this.#handover.receive(null);",
    replace: "this.#handover.receive(null);",
    test: "kept-rows",
    name: "[LS11] whoever signs in next",
  },
  {
    folder: "client/store",
    rule: "LS12",
    file: "src/client/store/with-store.ts",
    find: "void keeper?.clear(placePath(place));",
    replace: "",
    test: "kept-rows",
    name: "[LS12] rows whose rights were withdrawn",
  },
  {
    folder: "core/store",
    rule: "LS3",
    file: "src/core/store/sorted-rows.ts",
    find: "if (at < 0 && previous !== undefined) {",
    replace: "if (at < -1) {",
    test: "sorted-rows",
    name: "[LS3] a change of what was not held",
  },
  {
    folder: "core/store",
    rule: "LS6",
    file: "src/core/store/after-row.ts",
    find: 'disjoin([compare(field, isAscending ? ">" : "<", value as string | number), isNull])',
    replace: 'compare(field, isAscending ? ">" : "<", value as string | number)',
    test: "after-row",
    name: "[LS6] the filter takes the rows",
  },
  {
    folder: "core/store",
    rule: "LS6",
    file: "src/core/store/after-row.ts",
    find: "...order.slice(0, index).map(({ field }) => equals(field, row[field] ?? null)),",
    replace: "",
    test: "after-row",
    name: "[LS6] the filter takes the rows",
  },
];
