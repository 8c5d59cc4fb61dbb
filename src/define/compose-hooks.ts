/**
 * Hooks made of hooks ([HK2]): before-hooks run left to right, each on what the one before made; `onWrite` too, its changes
 * laid over each other; `onRemove` one after another; after-hooks one after another. A part that is durable makes the whole of that after-hook durable.
 */

import type { AfterHook, AfterHookOption, Hooks, ObjectTransaction, WriteChange } from "./hooks.ts";

export function composeHooks<R>(...parts: readonly Hooks<R>[]): Hooks<R> {
  const has = (name: keyof Hooks<R>) => parts.some((part) => part[name] !== undefined);
  const after = (name: "onAfterCreate" | "onAfterUpdate" | "onAfterDelete") =>
    has(name) ? { [name]: composeAfter(parts.map((part) => part[name])) } : {};
  return {
    ...(has("onBeforeCreate") ? { onBeforeCreate: (context, draft) => beforeCreate(parts, context, draft) } : {}),
    ...(has("onBeforeUpdate") ? { onBeforeUpdate: (context, change) => beforeUpdate(parts, context, change) } : {}),
    ...(has("onBeforeDelete") ? { onBeforeDelete: (context, row) => beforeDelete(parts, context, row) } : {}),
    ...(has("onWrite") ? { onWrite: (tx, change) => onWrite(parts, tx, change) } : {}),
    ...(has("onRemove") ? { onRemove: (tx, row) => onRemove(parts, tx, row) } : {}),
    ...after("onAfterCreate"),
    ...after("onAfterUpdate"),
    ...after("onAfterDelete"),
  };
}

type Arguments<R, K extends "onBeforeCreate" | "onBeforeUpdate" | "onBeforeDelete"> = Parameters<
  NonNullable<Hooks<R>[K]>
>;

async function beforeCreate<R>(
  parts: readonly Hooks<R>[],
  ...[context, given]: Arguments<R, "onBeforeCreate">
): Promise<Partial<R>> {
  let draft = given;
  for (const part of parts) draft = (await part.onBeforeCreate?.(context, draft)) ?? draft;
  return draft;
}

async function beforeUpdate<R>(
  parts: readonly Hooks<R>[],
  ...[context, change]: Arguments<R, "onBeforeUpdate">
): Promise<Partial<R>> {
  let { patch } = change;
  for (const part of parts) patch = (await part.onBeforeUpdate?.(context, { before: change.before, patch })) ?? patch;
  return patch;
}

async function beforeDelete<R>(
  parts: readonly Hooks<R>[],
  ...[context, row]: Arguments<R, "onBeforeDelete">
): Promise<void> {
  for (const part of parts) await part.onBeforeDelete?.(context, row);
}

/** Each part sees the row with the changes of those before it. */
function onWrite<R>(parts: readonly Hooks<R>[], tx: ObjectTransaction, change: WriteChange<R>): Partial<R> | undefined {
  let patch: Partial<R> | undefined;
  for (const part of parts) {
    const after = change.after === null ? null : { ...change.after, ...patch };
    const given: unknown = part.onWrite?.(tx, { ...change, after });
    if (given === undefined || given === null) continue;
    // The object refuses a promise; handed on as it is, so that it can.
    if (typeof (given as { readonly then?: unknown }).then === "function") return given as Partial<R>;
    patch = { ...patch, ...(given as Partial<R>) };
  }
  return patch;
}

/** Gives what no hook may give, a promise, for the object to refuse. */
function onRemove<R>(parts: readonly Hooks<R>[], tx: ObjectTransaction, row: R): unknown {
  return parts.map((part) => part.onRemove?.(tx, row) as unknown).find((given) => given !== undefined);
}

function composeAfter<R>(options: readonly (AfterHookOption<R> | undefined)[]): AfterHookOption<R> {
  const present = options.filter((option) => option !== undefined);
  const run: AfterHook<R> = async (change, context) => {
    for (const option of present)
      await (typeof option === "function" ? option(change, context) : option.run(change, context));
  };
  return present.some((option) => typeof option !== "function") ? { durable: true, run } : run;
}
