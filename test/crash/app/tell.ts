/** How effects of the crash application leave the process: a request to the sink that the test runs (`effect-sink.ts`). */

export interface Told {
  /** The key of the effect ([TX40]) and the ledger it belongs to. */
  readonly key: string;
  readonly epoch: string;
  readonly attempt: number;
  /** Key of the request whose commit had the effect. */
  readonly about: string;
}

export async function tell(env: unknown, { key, epoch, attempt, about }: Told): Promise<void> {
  const { SINK } = env as { readonly SINK: string };
  const reply = await fetch(SINK, { method: "POST", body: JSON.stringify({ key, epoch, attempt, about }) });
  if (!reply.ok) throw new Error(`the sink answered ${reply.status}`);
}
