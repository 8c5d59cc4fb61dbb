/** `useJob(id)`: a job of the server as it is followed, with its progress; null before it is heard of, and while there is no id. */

import { useMemo, useSyncExternalStore } from "react";
import { followJob, type JobView } from "../job-handle.ts";
import { useHookClient } from "./ledge-provider.ts";

export function useJob<Result = unknown>(id: string | null): JobView<Result> | null {
  const client = useHookClient();
  const handle = useMemo(() => (id === null ? NONE : followJob<Result>(client as never, id)), [client, id]);
  return useSyncExternalStore(handle.subscribe, handle.getSnapshot, () => null) as JobView<Result> | null;
}

const NONE = { subscribe: () => () => {}, getSnapshot: () => null };
