/** Who is signed in, as sign-in of the client tells it, to whatever keeps things for a person: outbox and store. */

interface Auth {
  onAuthStateChange(
    listener: (change: string, session: { readonly user: { readonly id: string } } | null) => void,
  ): () => void;
}

export interface PersonFollowed {
  /** Who is there is known: at once, where no sign-in can say it. */
  readonly identified: Promise<void>;
  readonly leave: () => void;
}

/** `told` the person, null for nobody, and what has happened; not before this has returned. */
export function followPerson(given: unknown, told: (id: string | null, change: string) => void): PersonFollowed {
  // A page of another kind may have a table of this name.
  const auth = given as Auth | undefined;
  if (typeof auth?.onAuthStateChange !== "function") return { identified: Promise.resolve(), leave: () => {} };
  let leave = () => {};
  const identified = new Promise<void>((resolve) => {
    leave = auth.onAuthStateChange((change, session) => {
      told(session?.user.id ?? null, change);
      resolve();
    });
  });
  return { identified, leave: () => leave() };
}
