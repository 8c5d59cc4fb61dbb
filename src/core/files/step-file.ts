/**
 * The one state machine of a file: announced (pending) → stored → gone, stepped by every write of its row, in the transaction of that
 * row. It says which columns the step sets, which keys in the bucket no row will hold after it, and refuses every other step.
 * So bytes are let go by the commit that lets go of them, through its effects, and by nothing else.
 */

import { Fault, invalidField } from "../fault.ts";
import { type Json, jsonEquals } from "../json.ts";
import type { FileRow, Part, Upload } from "./file-row.ts";
import { checkDeclared, type FileRules, nameProblem } from "./file-rules.ts";

export interface FileFacts {
  readonly rules: FileRules;
  /** Id of who writes; null for anonymous callers. */
  readonly by: string | null;
  readonly nowMs: number;
  /** Another row that holds these bytes. */
  readonly otherHolder: (blobKey: string) => FileRow | null;
  /** The key under which another row holds equal content, if one does. */
  readonly keyOfEqual: (hash: string) => string | null;
}

/** A key that no row holds any longer. */
export interface Release {
  readonly key: string;
  /** Of an upload in parts, which must be ended first: then nothing can arrive under the key any more. */
  readonly partsId: string | null;
  /** How long bytes may still arrive under it. */
  readonly delayMs: number;
}

/** What ends by itself unless it has come to something by then: an announcement, or bytes on their way to take the place of others. */
export interface Expiry {
  /** Where such bytes go; null: the announcement. */
  readonly uploadKey: string | null;
  readonly delayMs: number;
}

export type FileColumns = Partial<Pick<FileRow, "status" | "hash" | "blobKey" | "uploadKey" | "upload">>;

export interface FileStep {
  readonly kind: "announced" | "uploading" | "stored" | "changed" | "gone";
  /** Laid over the row. */
  readonly columns: FileColumns;
  readonly releases: readonly Release[];
  readonly expiry: Expiry | null;
}

/** After its time a request sends nothing more; what it has sent may take this long to show. */
const SETTLING_MS = 60_000;

export function stepFile(before: FileRow | null, after: FileRow | null, facts: FileFacts): FileStep {
  if (after === null) return before === null ? still("gone") : { ...still("gone"), releases: allOf(before, facts) };
  if (before === null) return after.blobKey === null ? announce(after, facts) : copy(after, facts);
  if (after.status === "pending" && before.status === "stored") throw illegal("becomes pending again");
  const isPlain = before.uploadKey === after.uploadKey && sameUpload(before.upload, after.upload);
  if (after.blobKey !== before.blobKey) return store(before, after, facts);
  refuseChanges(before, after);
  if (isPlain) return change(before, after, facts);
  if (!isSameKind(before, after)) throw overtaken();
  return upload(before, after, facts);
}

/** Whatever else a new row says of its bytes, it has none. */
function announce(row: FileRow, { rules, by, nowMs }: FileFacts): FileStep {
  checkDeclared(row, rules);
  const upload: Upload = { by, announcedMs: nowMs };
  const columns: FileColumns = { status: "pending", hash: null, blobKey: null, uploadKey: null, upload };
  return { ...still("announced"), columns, expiry: { uploadKey: null, delayMs: rules.expiresMs } };
}

/** A row that comes with the bytes of another, which must hold them in this very transaction: then nobody can have let go of them. */
function copy(row: FileRow, { rules, otherHolder }: FileFacts): FileStep {
  checkDeclared(row, rules);
  const source = row.blobKey === null ? null : otherHolder(row.blobKey);
  const isSame = source?.hash === row.hash && source.size === row.size && source.type === row.type;
  if (!isSame) throw overtaken();
  return { ...still("stored"), columns: { status: "stored", uploadKey: null, upload: null } };
}

/** Bytes get a place to go to, or a part of them has arrived there. */
function upload(before: FileRow, after: FileRow, facts: FileFacts): FileStep {
  if (before.status === "pending") requireAnnouncer(before, facts);
  if (before.uploadKey !== after.uploadKey) return claim(before, after, facts);
  const [known, arrived] = [before.upload?.parts, after.upload?.parts];
  // Another upload has begun meanwhile.
  if (known === undefined || known.id !== arrived?.id || (known.isSealed === true && arrived.isSealed !== true))
    throw overtaken();
  const done = joined(known.done, arrived.done);
  const parts = { ...known, done, ...(arrived.isSealed === true ? { isSealed: true as const } : {}) };
  return { ...still("uploading"), columns: { upload: { ...before.upload, by: before.upload?.by ?? null, parts } } };
}

/** Another place, or none. Of a stored file it is given up in time, since no announcement ends with it. */
function claim(before: FileRow, after: FileRow, facts: FileFacts): FileStep {
  const { announcedMs } = before.upload ?? {};
  const upload = after.upload === null || announcedMs === undefined ? after.upload : { ...after.upload, announcedMs };
  const { uploadKey } = after;
  const isPlace = before.status === "stored" && uploadKey !== null;
  return {
    ...still("uploading"),
    columns: { upload },
    releases: ofUpload(before, facts),
    expiry: isPlace ? { uploadKey, delayMs: lifeOf(after.upload, facts) } : null,
  };
}

/** How long bytes may be on their way. */
function lifeOf(upload: Upload | null, { nowMs }: FileFacts): number {
  return Math.max((upload?.untilMs ?? 0) - nowMs, 0) + SETTLING_MS;
}

/** The bytes that went to `uploadKey` are all there: they become the row's own. */
function store(before: FileRow, after: FileRow, facts: FileFacts): FileStep {
  const { parts } = before.upload ?? {};
  if (parts !== undefined && (parts.isSealed !== true || after.size !== parts.size || after.type !== parts.type))
    throw illegal("is stored before all parts are there");
  if (after.status !== "stored" || after.hash === null) throw illegal("is stored without a digest");
  if (before.uploadKey === null || after.blobKey !== before.uploadKey)
    throw illegal("is stored under another key than its own");
  if (before.status === "pending") {
    requireAnnouncer(before, facts);
    if (!isSameKind(before, after)) throw overtaken();
  } else {
    checkDeclared(after, facts.rules);
  }
  const own = before.uploadKey;
  const equal = facts.keyOfEqual(after.hash);
  const released: Release[] = equal === null || equal === own ? [] : [{ key: own, partsId: null, delayMs: 0 }];
  const isOldHeld = before.blobKey === null || before.blobKey === equal || facts.otherHolder(before.blobKey) !== null;
  if (before.blobKey !== null && !isOldHeld) released.push({ key: before.blobKey, partsId: null, delayMs: 0 });
  return {
    ...still("stored"),
    columns: { status: "stored", blobKey: equal ?? own, uploadKey: null, upload: null },
    releases: released,
  };
}

function change(before: FileRow, after: FileRow, facts: FileFacts): FileStep {
  if (before.name !== after.name) {
    const problem = nameProblem(after.name);
    if (problem !== null) throw invalidField("name", problem, "name");
  }
  if (before.status === "pending") {
    // Announced anew as what a move sends now.
    if (!isSameKind(before, after)) requireAnnouncer(before, facts);
    checkDeclared(after, facts.rules);
  }
  return still("changed");
}

/** What bytes are is found out when they arrive, and not to be written; before, it is only what was announced. */
function refuseChanges(before: FileRow, after: FileRow): void {
  if (before.hash !== after.hash) throw illegal("gets a digest without bytes");
  if (before.status !== after.status) throw illegal("changes its state without bytes");
  if (before.status === "pending") return;
  for (const field of ["size", "type"] as const) {
    if (before[field] !== after[field])
      throw invalidField(field, "is that of the bytes: upload others to change it", "file");
  }
}

function allOf(row: FileRow, facts: FileFacts): Release[] {
  const { blobKey } = row;
  const isLast = blobKey !== null && facts.otherHolder(blobKey) === null;
  return [...ofUpload(row, facts), ...(isLast ? [{ key: blobKey, partsId: null, delayMs: 0 }] : [])];
}

/** Where bytes were to go, and may still be going. */
function ofUpload({ uploadKey, upload }: FileRow, facts: FileFacts): Release[] {
  if (uploadKey === null) return [];
  if (upload?.parts !== undefined) return [{ key: uploadKey, partsId: upload.parts.id, delayMs: 0 }];
  return [{ key: uploadKey, partsId: null, delayMs: lifeOf(upload, facts) }];
}

function isSameKind(a: FileRow, b: FileRow): boolean {
  return a.size === b.size && a.type === b.type;
}

function requireAnnouncer({ upload }: FileRow, { by }: FileFacts): void {
  if ((upload?.by ?? null) !== by) throw new Fault({ slug: "forbidden", operation: "upload" });
}

/** Those that arrived anew take the place of earlier ones of the same number. */
function joined(known: readonly Part[], arrived: readonly Part[]): Part[] {
  const byNumber = new Map([...known, ...arrived].map((part) => [part.number, part]));
  return [...byNumber.values()].sort((a, b) => a.number - b.number);
}

function sameUpload(a: Upload | null, b: Upload | null): boolean {
  return jsonEquals(a as Json, b as Json);
}

function still(kind: FileStep["kind"]): FileStep {
  return { kind, columns: {}, releases: [], expiry: null };
}

function overtaken(): Fault {
  return new Fault({ slug: "conflict", reason: "contended", detail: "The file has changed meanwhile" });
}

/** Only code of the server can write these columns; it did so out of turn. */
function illegal(what: string): Error {
  return new Error(`a file ${what}: its columns are written by uploads alone`);
}
