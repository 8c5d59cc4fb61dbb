/** YOURS. How it stands with the server, in the head: live, offline, unsent; and below it each write that waits or was refused, with what a person can do. */

import { type WaitsFor, waitsFor } from "ledge/client/offline";
import { useSyncStatus } from "ledge/client/react";
import { useEffect, useState } from "react";
import { describeWrite } from "./describe-write.ts";
import { HangingPanel } from "./hanging-panel.tsx";
import { RefusedWrite } from "./refused-write.tsx";
import { useIsSignedOut } from "./whose-page.ts";

type Syncing = ReturnType<typeof useSyncStatus>;

export function SyncPanel() {
  const sync = useSyncStatus();
  const isSignedOut = useIsSignedOut();
  const { state, text } = standing({ ...sync, isSignedOut });
  /** Words of refused writes as somebody has changed them, by key: the panel may be closed in the middle of it. */
  const [drafts, setDrafts] = useState<ReadonlyMap<string, string>>(new Map());
  const isAtRisk = !sync.isDurable && sync.unsent > 0;
  useEffect(() => {
    if (!isAtRisk) return;
    // The browser asks whether the page is to be closed all the same.
    const ask = (event: Event) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isAtRisk]);
  const waiting = sync.pending.filter(({ status }) => status !== "refused");
  const reasons = waitsFor(sync.pending, isSignedOut ? "signed-out" : sync.pause);
  return (
    <HangingPanel
      label={`${text}. Show writes that wait`}
      buttonClass="sync"
      panelClass="writes"
      reading="Writes that wait"
      state={state}
      button={
        <>
          <span className="dot" />
          <span>{text}</span>
        </>
      }
    >
      {() => (
        <>
          <p className="note">
            {isSignedOut ? (
              <>
                You are signed out. What stands below is kept {sync.isDurable ? "in this browser" : "in this tab"}, and
                sent when you <a href="/sign-in?next=%2Fboard">sign in</a> again.
              </>
            ) : (
              explain(sync)
            )}
          </p>
          {!sync.isDurable && (
            <p className="note">
              This browser keeps nothing, as in a private window: close this tab, and what has not been sent is lost.
            </p>
          )}
          {sync.pending.length > 0 && (
            <ul>
              {sync.refusedWrites.map((item) => (
                <RefusedWrite
                  key={item.key}
                  item={item}
                  sync={sync}
                  draft={drafts.get(item.key)}
                  change={(text) => setDrafts(new Map(drafts).set(item.key, text))}
                />
              ))}
              {waiting.map((item) => (
                <li key={item.key}>
                  <p className="what">{describeWrite(item)}</p>
                  <p className="why">{WAITING[reasons.get(item.key) ?? "turn"]}</p>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </HangingPanel>
  );
}

const WAITING: Readonly<Record<WaitsFor, string>> = {
  decision: "Waits for the change before it, which was refused",
  "change-before": "Waits for the change before it",
  "sign-in": "Waits for you to sign in",
  network: "Waits for the network",
  server: "Waits for the server, which does not answer",
  answer: "On its way",
  outcome: "Sent; whether it arrived is being found out",
  turn: "Waits to be sent",
};

function standing(sync: Syncing & { readonly isSignedOut: boolean }): {
  readonly state: string;
  readonly text: string;
} {
  const { unsent, refused, connection, canStore, isDurable, isSignedOut } = sync;
  if (!canStore && isDurable) return { state: "refused", text: "Cannot save" };
  if (isSignedOut) return { state: "busy", text: unsent > 0 ? `Signed out · ${unsent} unsent` : "Signed out" };
  if (refused > 0) return { state: "refused", text: `${refused} refused` };
  const isCut = isCutOff(sync);
  if (unsent > 0) return { state: "busy", text: isCut ? `Offline · ${unsent} unsent` : `Saving ${unsent}` };
  if (connection === "connecting") return { state: "busy", text: "Connecting" };
  return isCut ? { state: "busy", text: "Offline" } : { state: "live", text: "Live" };
}

function explain(sync: Syncing): string {
  const { unsent, refused, canStore, isDurable } = sync;
  if (!canStore && isDurable)
    return "This browser does not keep what you write at the moment. Its storage may be full, or is being cleared.";
  if (refused > 0) return "The server refused what stands below. It stays until you decide.";
  if (isCutOff(sync))
    return `You are offline, or the server does not answer. What you do is kept in this ${isDurable ? "browser" : "tab"}, and sent as soon as the server can be reached.`;
  return unsent > 0 ? "Being saved." : "Everything is saved, and you see what others do as they do it.";
}

function isCutOff({ connection, pause }: Syncing): boolean {
  return (
    pause === "offline" || pause === "unreachable" || connection === "disconnected" || connection === "reconnecting"
  );
}
