/** What the search says beside what it has found. */

import { expect, test } from "vitest";
import { searchNote } from "../../src/web/client/board/search-note.ts";

const answered = { isSearching: false, error: null };
const asking = { isSearching: true, error: null };
const offline = { isSearching: false, error: { status: 0, message: "Failed to fetch" } };
const ill = { isSearching: false, error: { status: 503, message: "busy" } };
const refused = { isSearching: false, error: { status: 400, message: "Cannot search for “*”." } };

test("[RH5] nothing is found only once both searches have answered, and what could not be asked is said beside what was found", () => {
  for (const [tasks, elsewhere, none, some] of [
    [answered, answered, "Nothing found.", null],
    [asking, answered, "Searching …", null],
    [answered, asking, "Searching …", null],
    [offline, asking, "Searching …", null],
    [offline, ill, "Search needs the server.", "Search needs the server."],
    [answered, ill, "Tasks alone could be searched.", "Tasks alone could be searched."],
    [ill, answered, "Tasks could not be searched.", "Tasks could not be searched."],
    [refused, refused, "Cannot search for “*”.", "Cannot search for “*”."],
  ] as const) {
    expect(searchNote({ tasks, elsewhere, hits: 0 })).toBe(none);
    expect(searchNote({ tasks, elsewhere, hits: 2 })).toBe(some);
  }
});
