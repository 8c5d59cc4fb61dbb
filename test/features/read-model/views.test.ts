/** Reads of views through real objects and a local D1: what they show, to whom, how old. */

import { describe, expect, it } from "vitest";
import { d1, items, send, settle } from "./client.ts";

describe("a view over one table", () => {
  it("[RM1] a row of any partition is in the view once its object has told of it", async () => {
    await send("ann", "POST /api/@red/notes", { id: "n1", authorId: "ann", body: "first", secret: "s", rank: 2 });
    await send("ann", "POST /api/@blue/notes", { id: "n1", authorId: "bob", body: "second", rank: 1 });
    await settle("t/test/notes/red");
    await settle("t/test/notes/blue");
    const all = await send("ann", "GET /api/all_notes?orderBy=rank&totalCount=true");
    expect(all.status).toBe(200);
    expect(items(all)).toEqual([
      { id: "n1", room: "blue", authorId: "bob", body: "second", rank: 1 },
      { id: "n1", room: "red", authorId: "ann", body: "first", rank: 2 },
    ]);
    expect(all.json.totalCount).toBe(2);
    expect(typeof all.json.asOf).toBe("string");
    expect(await d1("SELECT * FROM rm_notes")).not.toContainEqual(expect.objectContaining({ secret: "s" }));
    const first = await send("ann", "GET /api/all_notes?limit=1");
    const second = await send("ann", `GET /api/all_notes?limit=1&cursor=${first.json.nextCursor}`);
    expect([...items(first), ...items(second)].map(({ room }) => room)).toEqual(["blue", "red"]);
    expect(second.json.nextCursor).toBeNull();
  });
});
