/** Mapped routes of the transaction tests, and the door through which a test runs server code of its own. */

import { mapRoute, type RouteContext } from "ledge";
import { z } from "zod";

/** Runs as the handler of `POST /api/script`: tests, Worker and objects share an isolate. */
export const script: { run: ((context: RouteContext) => Promise<unknown>) | null } = { run: null };

/** A service of the application; what functions after a transaction did. */
export const tally: string[] = [];

const room = (ctx: { readonly params: Readonly<Record<string, string>> }) => ctx.params.room ?? "";

export const endpoints = [
  mapRoute({
    path: "/open/:room",
    method: "POST",
    description: "Opens a wallet with its first line",
    auth: "user",
    validate: z.object({
      name: z.string().trim().min(1),
      balance: z.number().default(0),
      vip: z.boolean().default(false),
    }),
    prepare: async ({ body }) => ({ greeting: `Hello ${body.name}` }),
    operations: [
      {
        op: "create",
        resource: "wallets",
        as: "wallet",
        partition: room,
        data: ({ user, body }) => ({
          ownerId: user.kind === "user" ? user.id : "",
          name: body.name,
          balance: body.balance,
        }),
      },
      {
        op: "create",
        entity: "lines",
        as: "line",
        partition: room,
        data: ({ results, prepared }) => ({ walletId: results.wallet.id, text: prepared.greeting }),
      },
      {
        op: "create",
        resource: "lines",
        as: "gift",
        partition: room,
        condition: ({ body }) => body.vip,
        data: { walletId: "{{wallet.id}}", text: "gift for {{wallet.name}}" },
      },
    ],
    effects: ({ wallet }) => [{ task: "ping", input: { wallet: wallet.id } }],
    onSuccess: ({ wallet }, ctx) => ctx.context.resolve<string[]>("tally").push(`opened ${wallet.name}`),
    onError: ({ code }, ctx) => ctx.context.resolve<string[]>("tally").push(`failed ${code}`),
    response: { entity: "wallet", omit: ["code", "data"] },
  }),
  mapRoute({
    path: "/racks-of/:room",
    method: "GET",
    auth: "public",
    operations: { op: "list", resource: "racks", as: "all", partition: room },
    response: { entity: "all", pick: ["title"], transform: (rows) => ({ rows }) },
  }),
  mapRoute({ path: "/shut", method: "POST", operations: { op: "list", resource: "notices" } }),
  mapRoute({
    path: "/admins/:room",
    method: "POST",
    auth: ["admin"],
    scopes: "system",
    operations: [{ op: "list", resource: "wallets", as: "all", partition: room }],
  }),
  mapRoute({
    path: "/steps/:room",
    method: "POST",
    auth: "public",
    atomic: false,
    operations: [
      { op: "create", resource: "lines", as: "first", partition: room, data: (ctx) => ({ text: ctx.body.text }) },
      { op: "read", resource: "lines", as: "second", partition: room, id: (ctx) => ctx.body.id },
      {
        op: "create",
        resource: "lines",
        as: "third",
        partition: room,
        data: (ctx) => ({ text: `after ${ctx.results.first.id}` }),
      },
    ],
  }),
  mapRoute({
    path: "/shaped-steps/:room",
    method: "POST",
    auth: "public",
    atomic: false,
    operations: [
      { op: "create", resource: "lines", as: "first", partition: room, data: { text: "internal note", rank: 7 } },
      { op: "read", resource: "lines", as: "second", partition: room, id: (ctx) => ctx.body.id },
    ],
    response: { entity: "first", omit: ["text"] },
  }),
  mapRoute({
    path: "/torn/:room",
    method: "POST",
    auth: "public",
    operations: { op: "create", resource: "lines", as: "line", partition: room, data: { text: "torn" } },
    onSuccess: (_, ctx) => ctx.context.resolve<string[]>("tally").push("torn success"),
    onError: ({ code }, ctx) => ctx.context.resolve<string[]>("tally").push(`torn ${code}`),
    response: {
      transform: ({ line }, { body }) =>
        body.manner === "late" ? Promise.resolve({ id: line.id }) : { id: line.nothing.there },
    },
  }),
  mapRoute({
    path: "/clear/:room",
    method: "POST",
    auth: "public",
    operations: {
      op: "delete",
      resource: "lines",
      partition: room,
      where: ({ body }) => ({ text: body.text, rank: 1 }),
    },
  }),
  mapRoute({
    path: "/move-line",
    method: "POST",
    auth: "public",
    operations: [
      { op: "read", resource: "lines", as: "old", partition: ({ body }) => body.from, id: ({ body }) => body.id },
      {
        op: "create",
        resource: "lines",
        as: "new",
        partition: ({ body }) => body.to,
        data: ({ results }) => ({ text: `moved ${results.old.text}` }),
      },
      { op: "delete", resource: "lines", as: "gone", partition: ({ body }) => body.from, id: ({ body }) => body.id },
    ],
  }),
];
