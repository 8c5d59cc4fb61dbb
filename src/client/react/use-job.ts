/** `useJob(id)`: a job of the server as it is followed, with its progress, or why it cannot be; `NONE` before it is heard of, and while there is no id. */

import { useMemo, useSyncExternalStore } from "react";
import { followJob, type JobStanding } from "../job-handle.ts";
import { useHookClient } from "./ledge-provider.ts";

export function useJob<Result = unknown>(id: string | null): JobStanding<Result> {
  const client = useHookClient();
  const handle = useMemo(() => (id === null ? NOBODY : followJob<Result>(client as never, id)), [client, id]);
  return useSyncExternalStore(handle.subscribe, handle.getStanding, () => NONE) as JobStanding<Result>;
}

const NONE: JobStanding = { job: null, error: null };
const NOBODY = { subscribe: () => () => {}, getStanding: () => NONE };
