/** YOURS. Who is there, what others need to share a task with them, and the ways out; for a trial also the way to be somebody else. */

import { useLedge } from "ledge/client/react";
import type { Person } from "./board-client.ts";
import { HangingPanel } from "./hanging-panel.tsx";
import { forgetPages } from "./offline-pages.ts";
import { say } from "./say.tsx";

const TRIALS = ["alice", "bob", "carol"];

export function PersonMenu({ person }: { readonly person: Person }) {
  return (
    <HangingPanel
      label={`You are ${person.name}. Show your menu`}
      buttonClass="button plain face"
      button={<span aria-hidden="true">{person.name.charAt(0).toUpperCase()}</span>}
    >
      {() => (
        <>
          <p className="note">{person.name}</p>
          <button type="button" className="item" onClick={() => void copyId(person.id)}>
            Copy your id, for others to share with
          </button>
          <hr />
          {person.isTrial ? <TrialWays person={person} /> : <SignOut />}
          <a className="item" href="/about">
            Tables and API
          </a>
        </>
      )}
    </HangingPanel>
  );
}

function TrialWays({ person }: { readonly person: Person }) {
  return (
    <>
      <p className="note">A trial on this machine: no password, no account.</p>
      {TRIALS.filter((name) => name !== person.id).map((name) => (
        <a key={name} className="item" href={`/?as=${name}`}>
          Be {name.charAt(0).toUpperCase() + name.slice(1)}
        </a>
      ))}
      <a className="item" href="/sign-in?next=%2Fboard">
        Sign in
      </a>
      <a className="item" href="/sign-up">
        Sign up
      </a>
    </>
  );
}

function SignOut() {
  const { auth } = useLedge() as unknown as { readonly auth: { signOut(): Promise<void> } };
  const leave = async () => {
    await auth.signOut();
    await forgetPages();
    location.assign("/sign-in");
  };
  return (
    <button
      type="button"
      className="item"
      onClick={() => void leave().catch(() => say("You could not be signed out: the server cannot be reached"))}
    >
      Sign out
    </button>
  );
}

async function copyId(id: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(id);
    say("Copied");
  } catch {
    say(`Your id is ${id}`);
  }
}
