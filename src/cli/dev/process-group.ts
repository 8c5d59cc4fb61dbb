/** Ends a process that leads its group, and all that it has started: politely, then surely. Its id negated is the group. */

/** How long it may take to end by itself. */
const STOP_MS = 4000;

/** `ended` resolves when the leader is gone. */
export async function endGroup(leader: number, ended: Promise<unknown>): Promise<void> {
  signal(leader, "SIGTERM");
  const timer = setTimeout(() => signal(leader, "SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(timer);
  signal(leader, "SIGKILL"); // Whoever of the group outlived it.
}

function signal(leader: number, name: NodeJS.Signals): void {
  try {
    process.kill(-leader, name);
  } catch {
    // The group is gone already.
  }
}
