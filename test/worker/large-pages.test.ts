/** Pages of large rows: a reply that would not cross from the object to the Worker ends earlier, with a cursor, and loses nothing. */

import { describe, expect, it } from "vitest";
import { send } from "../support/scenario.ts";

describe("pages of large rows", () => {
  it("[PG4] [PG6] forty rows of 400 KB come over several pages, each row once", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 40; n++) {
      const made = await send({
        to: "POST /api/diaries",
        user: "large",
        body: { ownerId: "large", entry: "x".repeat(400_000) },
      });
      expect(made.status, made.text.slice(0, 200)).toBe(201);
      ids.push(String(made.body.id));
    }
    const seen: string[] = [];
    let cursor: unknown = null;
    let pages = 0;
    do {
      const { status, body, text } = await send({
        to: `GET /api/diaries?limit=100${cursor === null ? "" : `&cursor=${String(cursor)}`}`,
        user: "large",
      });
      expect(status, text.slice(0, 200)).toBe(200);
      expect(body.hasMore).toBe(body.nextCursor !== null);
      seen.push(...(body.items as { id: string }[]).map((item) => item.id));
      cursor = body.nextCursor;
      pages++;
    } while (cursor !== null);
    expect(seen).toEqual(ids.sort());
    expect(pages).toBeGreaterThan(1);
  }, 60_000);
});
