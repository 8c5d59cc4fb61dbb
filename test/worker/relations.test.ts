/** What deleting a parent does ([HT23]): cascade, set null, restrict, as ordinary changes of one commit. */

import { describe, expect, it } from "vitest";
import { inspect, ledgerSeq, type Step, scenarios, send } from "../support/scenario.ts";

const FAMILY = "t/test/family";
const parent: Step = { to: "POST /api/parents", body: { name: "p" }, as: "p" };
const child = (as: string): Step => ({ to: "POST /api/children", body: { parentId: "{p.id}", name: as }, as });
const guest: Step = { to: "POST /api/guests", body: { hostId: "{p.id}" }, as: "g" };
const bond: Step = { to: "POST /api/bonds", body: { parentId: "{p.id}" }, as: "b" };

describe("deleting a parent", () => {
  scenarios([
    {
      name: "[HT23] cascade and set null are changes of the same commit, and the ledger has them all",
      given: [parent, child("c1"), child("c2"), guest],
      when: { to: "DELETE /api/parents/{p.id}" },
      status: 204,
      object: FAMILY,
      seq: 1,
      then: async ({ kept }) => {
        const [entry] = await inspect(FAMILY, "SELECT changes FROM _log ORDER BY seq DESC LIMIT 1");
        const changes = JSON.parse(String(entry?.changes)) as {
          table: string;
          id: string;
          op: string;
          before: object;
          after: object | null;
        }[];
        expect(changes.map(({ table, op, id }) => [table, op, id]).sort()).toEqual(
          [
            ["children", "delete", kept.c1?.id],
            ["children", "delete", kept.c2?.id],
            ["guests", "update", kept.g?.id],
            ["parents", "delete", kept.p?.id],
          ].sort(),
        );
        expect(changes.find(({ table }) => table === "guests")).toMatchObject({
          before: { hostId: kept.p?.id },
          after: { hostId: null },
        });
        expect(changes.find(({ id }) => id === kept.c1?.id)).toMatchObject({ before: { name: "c1" }, after: null });
        expect((await send({ to: `GET /api/children/${kept.c1?.id}` })).status).toBe(404);
        expect((await send({ to: `GET /api/guests/${kept.g?.id}` })).body.hostId).toBeNull();
      },
    },
    {
      name: "[HT23] a row set to null gets a new tag",
      given: [parent, guest],
      when: { to: "DELETE /api/parents/{p.id}" },
      status: 204,
      then: async ({ kept, headers }) => {
        const now = await send({ to: `GET /api/guests/${kept.g?.id}` });
        expect(now.headers.get("etag")).not.toBe(kept.g?.etag);
        expect(now.headers.get("etag")?.split(":")[1]).toBe(headers.get("ledge-seq")?.split(":")[1]);
      },
    },
    {
      name: "[HT23] restrict is 409 referenced, and undoes what went before it",
      given: [parent, child("c3"), guest, bond],
      when: { to: "DELETE /api/parents/{p.id}" },
      status: 409,
      json: { code: "CONFLICT", reason: "referenced", id: "{p.id}" },
      hasNot: ["SQLITE", "FOREIGN KEY", "{b.id}", "{c3.id}", "bonds"],
      object: FAMILY,
      seq: 0,
      then: async ({ kept }) => {
        for (const path of [`parents/${kept.p?.id}`, `children/${kept.c3?.id}`, `bonds/${kept.b?.id}`])
          expect((await send({ to: `GET /api/${path}` })).status).toBe(200);
        expect((await send({ to: `GET /api/guests/${kept.g?.id}` })).body.hostId).toBe(kept.p?.id);
      },
    },
    {
      name: "[HT23] without the child that restricts, the parent goes",
      given: [parent, bond, { to: "DELETE /api/bonds/{b.id}" }],
      when: { to: "DELETE /api/parents/{p.id}" },
      status: 204,
      object: FAMILY,
      seq: 1,
    },
    {
      name: "[HT23] deleting a child leaves its parent",
      given: [parent, child("c4")],
      when: { to: "DELETE /api/children/{c4.id}" },
      status: 204,
      object: FAMILY,
      seq: 1,
      then: async ({ kept }) => void expect((await send({ to: `GET /api/parents/${kept.p?.id}` })).status).toBe(200),
    },
    {
      name: "[HT23] other parents' children stay",
      given: [parent, child("mine"), { ...parent, as: "other" }],
      when: { to: "DELETE /api/parents/{other.id}" },
      status: 204,
      object: FAMILY,
      seq: 1,
      then: async ({ kept }) =>
        void expect((await send({ to: `GET /api/children/${kept.mine?.id}` })).status).toBe(200),
    },
    {
      name: "[HT23] a patch to a parent that is not there is 409 foreign-key and changes nothing",
      given: [parent, child("c5")],
      when: { to: "PATCH /api/children/{c5.id}", body: { parentId: "0198c0de-0000-7000-8000-000000000000" } },
      status: 409,
      json: { reason: "foreign-key", field: "parentId" },
      object: FAMILY,
      seq: 0,
    },
  ]);

  it("[HT23] [HT31] a removal that a hook asks for and that fails leaves nothing of it, also where the hook goes on", async () => {
    const kept: Record<string, Record<string, unknown>> = {};
    for (const step of [parent, child("kid"), guest, bond]) await send(step, kept);
    const evict: Step = { to: "POST /api/evictions", body: { parentId: "{p.id}" } };
    const stays = await send(evict, kept);
    expect([stays.status, stays.body.outcome]).toEqual([201, "stays"]);
    expect((await send({ to: "GET /api/children/{kid.id}" }, kept)).status).toBe(200);
    expect((await send({ to: "GET /api/guests/{g.id}" }, kept)).body.hostId).toBe(kept.p?.id);
    const newest = async () => {
      const [entry] = await inspect(FAMILY, "SELECT changes FROM _log ORDER BY seq DESC LIMIT 1");
      const changes = JSON.parse(String(entry?.changes)) as { table: string; op: string }[];
      return changes.map(({ table, op }) => `${op} ${table}`).sort();
    };
    expect(await newest()).toEqual(["create evictions"]);
    await send({ to: "DELETE /api/bonds/{b.id}" }, kept);
    const gone = await send(evict, kept);
    expect([gone.status, gone.body.outcome]).toEqual([201, "gone"]);
    expect(await newest()).toEqual(["create evictions", "delete children", "delete parents", "update guests"]);
  });

  it("[HT23] [HT37] a stale tag on the parent removes no children", async () => {
    const made = await send(parent);
    const kid = await send({ to: "POST /api/children", body: { parentId: made.body.id } });
    const at = await ledgerSeq(FAMILY);
    expect((await send({ to: `DELETE /api/parents/${made.body.id}`, headers: { "if-match": '"stale"' } })).status).toBe(
      412,
    );
    expect((await send({ to: `GET /api/children/${kid.body.id}` })).status).toBe(200);
    expect(await ledgerSeq(FAMILY)).toBe(at);
  });
});
