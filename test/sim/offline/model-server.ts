/**
 * The server of the simulation: two objects with their live sockets, and the rules by which writes are answered: sign-in, keys and
 * fingerprints for a day, scope, conditions, validation, references, one commit. Keeps what it applied, for the judge.
 */

import type { RowId } from "../../../src/core/ids.ts";
import { canonicalJson, type JsonObject } from "../../../src/core/json.ts";
import type { AttemptReply } from "../../../src/core/offline/judge-reply.ts";
import {
  doneAt,
  type OutboxEntry,
  type RowOf,
  type RowWrite,
  tagLeftBy,
} from "../../../src/core/offline/outbox-entry.ts";
import type { PresentRow } from "../../../src/core/offline/outbox-port.ts";
import { ALL } from "../../../src/core/query/tree.ts";
import type { Row } from "../../../src/core/schema/table-spec.ts";
import { ModelObject, type Written } from "../live/model-object.ts";
import { SimHost } from "../live/sim-host.ts";
import type { SimMembers } from "../live/sim-members.ts";
import { MEMBERS } from "../live/tasks-table.ts";
import { LateParts } from "./late-parts.ts";
import { NOTES } from "./notes-table.ts";

export const PARTITIONS = ["a", "b"] as const;
export type PartitionName = (typeof PARTITIONS)[number];
/** Until the server forgets a key. */
const KEY_LIFE_MS = 24 * 3_600_000;

export interface Applied {
  readonly key: string;
  readonly write: RowWrite;
  /** Over all objects. */
  readonly order: number;
}

interface Stored {
  readonly fingerprint: string;
  readonly reply: AttemptReply;
  readonly atMs: number;
}

export class ModelServer {
  readonly hosts: ReadonlyMap<PartitionName, SimHost>;
  readonly applied: Applied[] = [];
  /** Values in the order in which they came to stand in a column, by whoever wrote them. */
  readonly stood = new Map<string, number>();
  /** The same of the first time: one that a person has tried again, because nobody could tell, may have come to stand twice. */
  readonly stoodFirst = new Map<string, number>();
  /** Who sees which lists, besides the scopes; null: nobody asks. */
  readonly members: SimMembers | null;
  /** By user: `*`, or `owner=="ann"`. */
  readonly scopes = new Map<string, string>();
  /** Where nobody may write at the moment. */
  readonly closed = new Set<string | undefined>();
  /** Entries of which an object lost what came after its backup. */
  readonly lost = new Set<string>();
  readonly #replies = new Map<string, Stored>();
  readonly #late = new LateParts();
  /** Null: a transaction is there in all its objects at once; otherwise it is called with one, to have it settled later. */
  readonly #drawLate: () => ((name: PartitionName, isLate: () => boolean) => void) | null;
  #order = 0;
  #txid = 0;

  constructor(
    epochs: readonly string[],
    drawLate: () => ((name: PartitionName, isLate: () => boolean) => void) | null,
    members: SimMembers | null,
  ) {
    this.#drawLate = drawLate;
    this.members = members;
    this.hosts = new Map(
      PARTITIONS.map((name, index) => [
        name,
        new SimHost(
          new ModelObject(`t/app/${name}`, [{ spec: NOTES }, { spec: MEMBERS }], epochs[index]),
          members ?? undefined,
        ),
      ]),
    );
  }

  objectOf(partition: string | undefined): ModelObject {
    return (this.hosts.get(partition as PartitionName) as SimHost).object;
  }

  /** Before anything is known of who asks, the caller has looked at the sign-in. */
  answer(
    user: string,
    { key, writes }: Pick<OutboxEntry, "key" | "writes">,
    { serverMs, nowMs }: { readonly serverMs: number; readonly nowMs: number },
  ): AttemptReply {
    for (const name of PARTITIONS) this.settle(name, nowMs);
    const fingerprint = canonicalJson(
      writes.map(({ op, partition = "", id, values, tag }) => ({ op, partition, id, values, tag })),
    );
    const stored = this.#replies.get(`${user} ${key}`);
    if (stored !== undefined && serverMs - stored.atMs < KEY_LIFE_MS) {
      if (stored.fingerprint === fingerprint) return stored.reply;
      return this.#refuse(writes, 422, "IDEMPOTENCY_MISMATCH");
    }
    const created = new Set<RowId>();
    for (const [index, write] of writes.entries()) {
      const refusal = this.#check(user, write, created);
      if (refusal?.kind === "problem" && writes.length > 1)
        return { ...refusal, problem: { ...refusal.problem, index } };
      if (refusal !== null) return refusal;
      if (write.op === "create") created.add(write.id);
    }
    const reply = this.#commit(user, key, writes);
    this.#replies.set(`${user} ${key}`, { fingerprint, reply, atMs: serverMs });
    return reply;
  }

  read(user: string, { partition, id }: RowWrite): PresentRow {
    const object = this.objectOf(partition);
    const held = object.find("notes", id);
    const positions = [`${object.epoch}:${object.head()}`];
    if (held === null || !this.#sees(user, held.row, object)) return { row: null, tag: null, positions };
    return { row: held.row as JsonObject, tag: `${object.epoch}:${held.version}:000000`, positions };
  }

  /** What is decided is there from now on. */
  settle(name: PartitionName, nowMs: number): void {
    this.hosts.get(name)?.wake(nowMs);
    this.#late.settle(name);
  }

  /** A backup is put in place of what is there, under another epoch: some commits are gone, and what stands does so anew. */
  restore(name: PartitionName, { commits, epoch }: { readonly commits: number; readonly epoch: string }): void {
    const object = this.objectOf(name);
    // A transaction that one of its objects has lost is torn: what is shown of the others is not judged here.
    const whole = object.log.findLast(({ txid }) => txid !== null)?.seq ?? 0;
    const seq = Math.max(whole, object.head() - commits);
    for (const [key, seqs] of this.#seqs) if ((seqs.get(name) ?? 0) > seq) this.lost.add(key);
    object.restore(seq, epoch);
    for (const row of object.scan("notes", ALL)) this.#stand(row);
    for (const seqs of this.#seqs.values()) seqs.delete(name);
  }

  /** Where each entry took place. */
  readonly #seqs = new Map<string, Map<PartitionName, number>>();

  /** A write of nobody in the simulation. */
  meddle(partition: PartitionName, written: Written): void {
    this.#stand(written.row);
    this.objectOf(partition).commit([written], { at: this.#order });
  }

  rowsOf(user: string, partition: PartitionName): ReadonlyMap<RowId, Row> {
    const object = this.objectOf(partition);
    const rows = object.all("notes", ALL);
    return new Map(rows.filter(({ row }) => this.#sees(user, row, object)).map(({ row }) => [row.id as RowId, row]));
  }

  #check(user: string, write: RowWrite, created: ReadonlySet<RowId>): AttemptReply | null {
    const object = this.objectOf(write.partition);
    if (this.closed.has(write.partition)) return this.#refuse([write], 403, "FORBIDDEN");
    const held = object.find("notes", write.id);
    if (write.op === "create") {
      if (held !== null) return this.#refuse([write], 409, "CONFLICT");
    } else {
      if (held === null || !this.#sees(user, held.row, object)) return this.#refuse([write], 404, "NOT_FOUND");
      if (write.tag !== null && !this.#matches(write.tag, object, held.version))
        return this.#refuse([write], 412, "PRECONDITION_FAILED");
    }
    const isBad = Object.values(write.values).some((value) => String(value).startsWith("bad"));
    if (isBad) return this.#refuse([write], 400, "VALIDATION_ERROR");
    const { parent } = write.values;
    const isThere = (id: RowId) =>
      created.has(id) || PARTITIONS.some((name) => this.objectOf(name).find("notes", id) !== null);
    if (typeof parent === "string" && !isThere(parent)) return this.#refuse([write], 409, `NO ${parent}`);
    return null;
  }

  #matches(tag: string, object: ModelObject, version: number): boolean {
    const [shown = "", txid] = tag.split("+");
    const seq = txid === undefined ? null : object.settledAt(txid);
    return shown.startsWith(`${object.epoch}:${version}:`) || seq === version;
  }

  #commit(user: string, key: string, writes: readonly RowWrite[]): AttemptReply {
    const positions: string[] = [];
    const touched = PARTITIONS.filter((name) => writes.some(({ partition }) => partition === name));
    const txid = touched.length > 1 ? `tx${this.#txid++}` : undefined;
    const parts = touched.map((name) => this.objectOf(name).object);
    const seqs = new Map<PartitionName, number>();
    this.#seqs.set(key, seqs);
    const later = txid === undefined ? null : this.#drawLate();
    for (const [index, name] of touched.entries()) {
      const object = this.objectOf(name);
      const commit = () => {
        const written = writes.filter(({ partition }) => partition === name).map((write) => this.#written(write));
        object.commit(written, { actor: user, ...(txid === undefined ? {} : { txid, parts }) });
        seqs.set(name, object.head());
      };
      if (later !== null && txid !== undefined && index === this.#txid % touched.length) {
        this.#late.add(name, object, { txid, commit });
        later(name, () => this.#late.has(name, txid));
        continue;
      }
      commit();
      positions.push(`${object.epoch}:${object.head()}`);
    }
    for (const write of writes) this.applied.push({ key, write, order: this.#order++ });
    // Of the object that decides the versions are told, of the others the transaction.
    const tags = writes.map((write) => {
      const object = this.objectOf(write.partition);
      const isTold = write.partition === touched[0] && positions.some((each) => each.startsWith(`${object.epoch}:`));
      const version = isTold ? object.find("notes", write.id)?.version : undefined;
      return version === undefined ? tagLeftBy(txid, write) : `${object.epoch}:${version}:000000`;
    });
    return { kind: "done", state: { ...doneAt(positions, txid), tags } };
  }

  #written({ op, table, partition, id, values }: RowWrite): Written {
    if (op === "delete") return { table, id, row: null };
    const before = op === "update" ? this.objectOf(partition).find(table, id)?.row : undefined;
    const row = { owner: null, title: null, body: null, parent: null, list: null, ...before, ...values, id } as Row;
    this.#stand(values as Row);
    return { table, id, row };
  }

  #stand(values: Row | null): void {
    for (const value of Object.values(values ?? {}))
      if (typeof value === "string" && value.includes("-")) {
        if (!this.stoodFirst.has(value)) this.stoodFirst.set(value, this.#order);
        this.stood.set(value, this.#order++);
      }
  }

  #sees(user: string, row: Row, object: ModelObject): boolean {
    const scope = this.scopes.get(user) ?? "*";
    const isInScope = scope === "*" || scope === `owner=="${String(row.owner)}"`;
    return isInScope && (this.members === null || this.listsOf(user, object).includes(String(row.list)));
  }

  /** Of whom the rows of this object are to be seen. */
  listsOf(user: string, object: ModelObject): string[] {
    const { members } = this;
    const where = members?.place === "elsewhere" ? members.object : object;
    return where
      .all("members", ALL)
      .filter(({ row }) => row.user === user)
      .map(({ row }) => String(row.list));
  }

  /** One person comes to a list, or leaves it. */
  changeMember(user: string, list: string, change: "joins" | "leaves"): void {
    const id = `${user} ${list}`;
    const written: Written = { table: "members", id, row: change === "joins" ? { id, user, list } : null };
    if (this.members?.place === "elsewhere") this.members.write([written]);
    else for (const name of PARTITIONS) this.objectOf(name).commit([written], { at: this.#order });
  }

  /** Whether a row stands there as it was then, and this person may not see it. */
  isWithdrawn(user: string, { partition, id }: RowOf, tag?: string): boolean {
    const object = this.objectOf(partition);
    const held = object.find("notes", id);
    if (held === null || this.#sees(user, held.row, object)) return false;
    return tag === undefined || tag.startsWith(`${object.epoch}:${held.version}:`);
  }

  #refuse(writes: readonly RowWrite[], status: number, code: string): AttemptReply {
    const object = this.objectOf(writes[0]?.partition);
    const positions = [`${object.epoch}:${object.head()}`];
    return { kind: "problem", status, isRetryable: false, retryAfterMs: 0, problem: { status, code }, positions };
  }
}
