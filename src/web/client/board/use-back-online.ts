/** YOURS. Calls when there is a way to the server again: the browser has a network, or the live connection is there. */

import { useSyncStatus } from "ledge/client/react";
import { useEffect, useRef } from "react";

export function useBackOnline(call: () => void): void {
  const { connection } = useSyncStatus();
  const latest = useRef(call);
  useEffect(() => {
    latest.current = call;
  });
  useEffect(() => {
    if (connection === "connected") latest.current();
  }, [connection]);
  useEffect(() => {
    const onOnline = () => latest.current();
    addEventListener("online", onOnline);
    return () => removeEventListener("online", onOnline);
  }, []);
}
