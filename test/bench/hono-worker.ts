/**
 * What most people write instead: Hono, Drizzle and D1. It writes no ledger and keeps no versions; `seq` of a list is
 * a constant, so that the bytes are the same.
 */

import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { Hono } from "hono";
import { itemsTable } from "./items.ts";

const app = new Hono<{ Bindings: { readonly DB: D1Database; readonly SEQ: number } }>();

app.get("/api/items/:id", async (c) => {
  const row = await drizzle(c.env.DB)
    .select()
    .from(itemsTable)
    .where(eq(itemsTable.id, c.req.param("id")))
    .get();
  return row === undefined ? c.notFound() : c.json(row);
});

app.get("/api/items", async (c) => {
  const owner = /ownerId=="([^"]*)"/.exec(c.req.query("filter") ?? "")?.[1] ?? "";
  const limit = Number(c.req.query("limit"));
  const rows = await drizzle(c.env.DB)
    .select()
    .from(itemsTable)
    .where(eq(itemsTable.ownerId, owner))
    .orderBy(itemsTable.id)
    .limit(limit + 1);
  return c.json({ items: rows.slice(0, limit), hasMore: rows.length > limit, seq: c.env.SEQ, nextCursor: null });
});

app.post("/api/items", async (c) => {
  const body = await c.req.json();
  const row = await drizzle(c.env.DB)
    .insert(itemsTable)
    .values({ ...body, createdAt: new Date(body.createdAt) })
    .returning()
    .get();
  return c.json(row, 201);
});

app.patch("/api/items/:id", async (c) => {
  const { rank } = await c.req.json<{ rank: number }>();
  const row = await drizzle(c.env.DB)
    .update(itemsTable)
    .set({ rank })
    .where(eq(itemsTable.id, c.req.param("id")))
    .returning()
    .get();
  return row === undefined ? c.notFound() : c.json(row);
});

export default app;
