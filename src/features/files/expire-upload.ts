/** The effect that ends an announcement whose bytes never came: the row goes, and what had arrived for it goes with its commit. */

import type { EffectHandler } from "../../define/app.ts";
import type { ExpirePayload } from "./file-hooks.ts";
import { askObject, headerFor } from "./object-client.ts";

export const expireUpload: EffectHandler = async (payload, { env, object, key, epoch }) => {
  const { table, id } = payload as unknown as ExpirePayload;
  const reply = await askObject(env, {
    ...headerFor(object, table),
    op: "write",
    intent: { op: "delete", id, hard: true },
    invalid: [],
    scopes: { read: 'status=="pending"', delete: "*" },
    conditions: { ifMatch: { kind: "any" } },
    idempotency: null,
    attempt: { id: `files|${epoch}|${key}`, startedAtMs: Date.now(), isRepeat: false },
    expectVersion: null,
    isMinimal: true,
    wantsChange: false,
  });
  // Stored meanwhile, or gone: it is out of sight of this call either way.
  if (reply.kind === "fault" && reply.slug !== "not-found") throw new Error(`could not end an upload: ${reply.slug}`);
};
