/**
 * People at the application of the read-model campaign: notes in partitions, old ones and new ones, tasks with their labels (one group), a
 * project with its task (two objects), removals, rebuilds, objects that lose all they hold, and readers who ask for at least what they
 * wrote. What fails because the process was killed is left; what is answered wrongly is a problem.
 */

import type { Random } from "./random.ts";
import { pause } from "./workerd-process.ts";

const ROOMS = ["a", "b", "c"];
const WRITERS = 3;
/** 200 ms apart. */
const MAX_LOOKS = 300;
const ALONE_LOOKS = 50;

export interface CopyTraffic {
  /** Until the process is gone. */
  run(): Promise<void>;
  post(path: string, body: unknown): Promise<unknown>;
  /**
   * Waits until every copy has all there is. The objects bring that about themselves, but for one whose alarm went with a process: it sets
   * another one only when it wakes a minute later. Then an operator has all objects followed, again where
   * one was busy, and it is counted.
   */
  settle(): Promise<void>;
  /** How much has been done. */
  acts(): number;
  readonly counts: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

interface Sent {
  readonly status: number;
  readonly position: string | null;
  readonly json: { readonly items?: readonly Record<string, unknown>[]; readonly next?: unknown };
}

export function copyTraffic({ origin, random }: { readonly origin: string; readonly random: Random }): CopyTraffic {
  const counts: Record<string, number> = {};
  const problems: string[] = [];
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  let ids = 0;
  let rank = 0;
  let resets = 0;
  let lives = 0;

  const send = async (method: string, path: string, body?: unknown, minSeq: string | null = null): Promise<Sent> => {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: {
        authorization: "Bearer dev:root,role=admin",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(minSeq === null ? {} : { "ledge-min-seq": minSeq }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    return { status: response.status, position: response.headers.get("ledge-seq"), json: JSON.parse(text || "{}") };
  };

  /** Each person has rows of their own, so that what they wrote last is what there is. */
  const ownId = (person: number) => `p${person}n${random.between(0, 5)}`;

  const writeNote = async (person: number, room: string) => {
    const id = ownId(person);
    const generation = resets;
    const note = { id, authorId: "ann", body: `b${ids}`, rank: ++rank };
    const { status, position } = await send("PUT", `/api/@${room}/notes/${id}`, note);
    if (status >= 300) return count(`note ${status}`);
    count("note");
    // By the copy, which the filter does not let the object answer; or by whichever can.
    const filter = random.chance(0.5) ? `room=in=("${room}");id=="${id}"` : `room=="${room}";id=="${id}"`;
    const read = await send("GET", `/api/all_notes?filter=${encodeURIComponent(filter)}`, undefined, position);
    if (read.status !== 200) return count(`read ${read.status}`);
    count("read");
    const shown = Number(read.json.items?.[0]?.rank ?? -1);
    if (shown < note.rank && generation === resets)
      problems.push(`${room}/${id}: wrote ${note.rank} at ${position}, and was shown ${shown} at ${read.position}`);
  };

  const fillRoom = async () => {
    const room = `new${ids++}`;
    const notes = Array.from({ length: 10 }, (_, n) => ({ id: `n${n}`, authorId: "ann", body: "new", rank: n }));
    await Promise.all(notes.map((note) => send("POST", `/api/@${room}/notes`, note)));
    count("new partition");
  };

  const transact = async (what: string, operations: readonly unknown[]) => {
    const { status } = await send("POST", "/api/transaction", { operations });
    count(status < 300 ? what : `${what} ${status}`);
  };

  const writeGroup = () => {
    const id = `t${random.between(0, 20)}-${ids++}`;
    return transact("group", [
      { op: "create", resource: "tasks", data: { id, projectId: "p", title: `task ${id}` } },
      { op: "create", resource: "labels", data: { id: `l${id}`, taskId: id, name: "x" } },
    ]);
  };

  const writeAcross = () => {
    const id = `x${ids++}`;
    return transact("across", [
      { op: "create", resource: "projects", data: { id, name: id, ownerId: "ann" } },
      { op: "create", resource: "tasks", data: { id, projectId: id, title: id } },
    ]);
  };

  const operate = async (act: string, tables: readonly string[] | null) => {
    for (let next: unknown = {}, steps = 0; next !== null && next !== undefined && steps < 100; steps++)
      next = (await send("POST", "/_/read-model", { act, tables, ...(next as object) })).json.next;
    count(act);
  };

  const reset = async () => {
    resets += 1;
    await send("POST", `/harm/reset?object=t/test/notes/${random.pick(ROOMS)}`);
    resets += 1;
    count("reset");
  };

  const removeOne = async (person: number) => {
    const { status } = await send("DELETE", `/api/@${random.pick(ROOMS)}/notes/${ownId(person)}`);
    count(status < 300 ? "remove" : `remove ${status}`);
  };

  const act = (person: number) => {
    const dice = random.next();
    if (dice < 0.5) return writeNote(person, random.pick(ROOMS));
    if (dice < 0.62) return writeGroup();
    if (dice < 0.74) return writeAcross();
    if (dice < 0.84) return fillRoom();
    if (dice < 0.9) return removeOne(person);
    return dice < 0.98 ? operate("rebuild", random.chance(0.5) ? ["tasks"] : ["notes"]) : reset();
  };

  return {
    counts,
    problems,
    acts: () => Object.values(counts).reduce((sum, each) => sum + each, 0),
    post: async (path, body) => (await send("POST", path, body)).json,
    async run() {
      let isOver = false;
      lives += 1;
      // Rare by chance, and none is to go without.
      if (lives % 4 === 0) await operate("rebuild", ["tasks"]).catch(() => undefined);
      if (lives % 8 === 3) await reset().catch(() => undefined);
      const live = async (person: number) => {
        while (!isOver) {
          await act(person).catch(() => {
            isOver = true;
          });
          await pause(1);
        }
      };
      await Promise.all(Array.from({ length: WRITERS }, (_, person) => live(person)));
    },
    async settle() {
      for (let looks = 0; looks < MAX_LOOKS; looks++, await pause(200)) {
        if (looks > 0 && looks % ALONE_LOOKS === 0) await operate("follow", null);
        const lines: Record<string, unknown>[] = [];
        for (let after: unknown = ""; typeof after === "string"; ) {
          const { json } = await send("GET", `/_/read-model?after=${encodeURIComponent(after)}`);
          lines.push(...(json.items ?? []));
          after = json.next;
        }
        if (lines.length > 0 && lines.every(({ lag, status }) => lag === 0 && status === "serving")) return;
      }
      throw new Error("the copies do not come to rest");
    },
  };
}
