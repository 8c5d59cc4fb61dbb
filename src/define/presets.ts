/**
 * Access rules for common cases ([HT28] [Z5]): spread one into a resource's configuration and override what differs.
 * `resource(notes, { ...ownerOnly("authorId") })`. Each is plain `AccessRules`; there is nothing they can that rules cannot.
 */

import { eq, inList } from "../core/query/build.ts";
import type { Filter } from "../core/query/tree.ts";
import type { User } from "../core/scope/principal.ts";
import type { AccessRules, ScopeRule, ScopeRules } from "./config.ts";

export type Preset = AccessRules & { readonly auth: ScopeRules };

/** Everyone signed in owns the rows that hold their id, and sees no others. */
export function ownerOnly(field: string): Preset {
  return { auth: everything((user) => eq(field, user.id)) };
}

/** Everyone reads; the owner writes. */
export function publicReadOwnerWrite(field: string): Preset {
  return { ...ownerOnly(field), public: { read: true, subscribe: true } };
}

/** The owner, and whoever holds the role. */
export function ownerOrAdmin(field: string, { role = "admin" }: { readonly role?: string } = {}): Preset {
  return { auth: everything((user) => user.roles.includes(role) || eq(field, user.id)) };
}

/** Members of the organization that the row belongs to; the claim holds one id or a list. */
export function orgBased(field: string, { claim = "orgId" }: { readonly claim?: string } = {}): Preset {
  return { auth: everything((user) => memberFilter(user, field, claim)) };
}

/** Whoever is signed in, everything but removing soft-deleted rows for good. */
export function authenticated(): Preset {
  return { auth: everything("*") };
}

/** Everyone, everything, signed in or not. For demonstrations and public drop boxes. */
export function fullyPublic(): Preset {
  return {
    auth: everything("*"),
    public: { read: true, create: true, update: true, delete: true, subscribe: true, readDeleted: true },
  };
}

function everything(rule: ScopeRule): ScopeRules {
  return { read: rule, create: rule, update: rule, delete: rule, subscribe: rule, readDeleted: rule };
}

function memberFilter({ claims }: User, field: string, claim: string): Filter | null {
  const held = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  if (typeof held === "string" && held !== "") return eq(field, held);
  if (!Array.isArray(held)) return null;
  return inList(
    field,
    held.filter((id): id is string => typeof id === "string"),
  );
}
