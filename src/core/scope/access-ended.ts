/** What has ended when somebody's access ends before its time ([RV6]), and whom it concerns. Plain data, told from the Worker to objects. */

export type AccessEnded =
  /** One session or key: `credential` is that of the principals it gave (`session:<id>`, `key:<id>`). */
  | { readonly kind: "credential"; readonly userId: string; readonly credential: string }
  /** All sessions of a person but that of `except`; keys go on. */
  | { readonly kind: "sessions"; readonly userId: string; readonly except: string | null }
  /** All sessions and keys of a person. */
  | { readonly kind: "everything"; readonly userId: string }
  /** Roles or claims of a person are others: what was opened with those of before begins anew. */
  | { readonly kind: "changed"; readonly userId: string };

/** Whether a socket or stream of that caller has to end. `credential` as its principal had it. */
export function isEnded(
  { userId, credential }: { readonly userId: string | null; readonly credential: string | null },
  ended: AccessEnded,
): boolean {
  if (userId !== ended.userId) return false;
  switch (ended.kind) {
    case "credential":
      return credential === ended.credential;
    case "sessions":
      return credential?.startsWith("session:") === true && credential !== ended.except;
    case "everything":
    case "changed":
      return true;
  }
}
