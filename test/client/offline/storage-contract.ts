/** What every storage of an outbox must do; runs in Node and in a browser, on a storage that is empty. Gives what it does not do. */

import type { OutboxStorage } from "../../../src/client/ledge-client-offline.ts";
import type { EntryDraft } from "../../../src/core/offline/outbox-entry.ts";
import { changed } from "../../../src/core/offline/outbox-entry.ts";

export async function storageContract(storage: OutboxStorage, again: () => OutboxStorage): Promise<string[]> {
  const faults: string[] = [];
  const check = (what: string, isSo: boolean) => {
    if (!isSo) faults.push(what);
  };
  const draft = (key: string): EntryDraft => ({
    key,
    principal: null,
    madeAtMs: 1,
    writes: [
      {
        op: "create",
        table: "notes",
        id: key,
        values: { id: key, n: 1.5, deep: { list: [null] } },
        base: null,
        tag: null,
      },
    ],
  });
  const keys = async () =>
    (await storage.all())
      .map(({ key }) => key)
      .sort()
      .join();

  const [a, b, c] = await Promise.all([storage.add(draft("a")), storage.add(draft("b")), storage.add(draft("c"))]);
  check("places grow", a.place < b.place && b.place < c.place);
  check("an entry begins queued", a.rev === 0 && a.state.kind === "queued");
  const held = (await storage.all()).find(({ key }) => key === "b");
  check("an entry comes back as it was given", JSON.stringify(held?.writes) === JSON.stringify(draft("b").writes));

  const sent = { kind: "sent", firstAtMs: 5 } as const;
  const change = changed(a, { state: sent });
  check("a change of the present revision is made", await storage.commit([change]));
  check("and is there", (await storage.all()).find(({ key }) => key === "a")?.state.kind === "sent");
  check("a change of an earlier revision is not", !(await storage.commit([change])));
  const mixed = [changed(b, { state: sent }), change, { before: c, after: null }];
  check("changes are made together or not at all", !(await storage.commit(mixed)));
  check(
    "none of them was",
    (await storage.all()).every(({ key, rev }) => rev === (key === "a" ? 1 : 0)),
  );
  check("an entry is removed", await storage.commit([{ before: c, after: null }]));
  check("and is gone", (await keys()) === "a,b");
  check("what is gone is not changed", !(await storage.commit([changed(c, { state: sent })])));
  check("nothing to change is no fault", await storage.commit([]));
  const d = await again().add(draft("d"));
  check("a place is not given twice, whoever asks", d.place > c.place);
  check("another that opened it sees the same", (await keys()) === "a,b,d");
  return faults;
}
