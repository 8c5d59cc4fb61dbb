/**
 * One upload ([FS3]): announced, sent at once or in parts, seen through breaks. The server knows which parts have arrived, so pausing
 * is only ceasing to send, and an upload whose program ended is taken up again by the id of its row.
 */

import type { AppLike, Client } from "../app-types.ts";
import { LedgeError, TransportError, ValidationError } from "../ledge-error.ts";
import type { ControllerLike, Platform, SignalLike } from "../platform.ts";
import { PLATFORM } from "../platform.ts";
import type { Call, Send } from "../send.ts";
import { tablePath } from "../table-path.ts";
import { fetchWithProgress } from "./fetch-with-progress.ts";
import { type BytesLike, type FileSource, fileSource } from "./file-source.ts";

export interface UploadProgress {
  /** Bytes that have left. What was on its way at a break or a pause is counted anew when it is sent again. */
  readonly sent: number;
  readonly size: number;
}

export interface UploadOptions {
  /** Further columns of the row. */
  readonly row?: object;
  /** Default: that of the file. */
  readonly name?: string;
  readonly type?: string;
  readonly partition?: string;
  /** Goes on with what was announced under this id, e.g. by a program that has ended since; the file has to be the same. */
  readonly id?: string;
  readonly onProgress?: (progress: UploadProgress) => void;
  /** As `abort()`. */
  readonly signal?: SignalLike;
  /** Larger files go in parts. Default: 8 MB. */
  readonly maxWholeBytes?: number;
  /** Parts on their way at once. Default: 3. */
  readonly parallel?: number;
}

export interface FileUpload {
  /** The row, once the bytes are stored. Rejects with a `LedgeError`; its `code` is `ABORTED` after `abort()`. */
  readonly done: Promise<Record<string, unknown>>;
  /** Of the row; null before it is announced. With it the upload can be taken up later. */
  readonly id: string | null;
  readonly state: "running" | "paused" | "done" | "failed" | "aborted";
  /** Sends nothing more. What was on its way is sent again later. */
  pause(): void;
  resume(): void;
  /** Ends it, on the server too. */
  abort(): void;
}

const MIB = 1_048_576;

interface Parts {
  readonly partBytes: number;
  readonly missing: readonly number[];
  readonly done: readonly { readonly size: number }[];
}

/** Uploads a file to a table made with `fileResource`. Begins at once. */
export function uploadFile(
  client: Client<AppLike>,
  table: string,
  file: BytesLike,
  options: UploadOptions = {},
): FileUpload {
  return new Upload(client, table, fileSource(file), options);
}

class Upload implements FileUpload {
  readonly done: Promise<Record<string, unknown>>;
  id: string | null;
  state: FileUpload["state"] = "running";
  readonly #send: Send;
  readonly #platform: Pick<Platform, "makeController">;
  readonly #root: string;
  readonly #source: FileSource;
  readonly #options: UploadOptions;
  /** Ends what is on its way, without ending the upload. */
  #controller: ControllerLike;
  #wake: () => void = () => {};

  constructor(client: Client<AppLike>, table: string, source: FileSource, options: UploadOptions) {
    const { send, options: made } = client.resource as unknown as {
      readonly send: Send;
      readonly options: { readonly platform?: Partial<Platform> };
    };
    this.#send = send;
    this.#platform = { ...PLATFORM, ...made.platform };
    this.#root = tablePath(table, options.partition);
    this.#source = source;
    this.#options = options;
    this.#controller = this.#platform.makeController();
    this.id = options.id ?? null;
    const { signal } = options;
    const onAbort = () => this.abort();
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted === true) this.state = "aborted";
    this.done = this.#run()
      .then(
        (row) => {
          this.state = "done";
          return row;
        },
        (error: unknown) => {
          if (this.state !== "aborted") this.state = "failed";
          throw error;
        },
      )
      .finally(() => signal?.removeEventListener("abort", onAbort));
    // Whoever only looks at `state` is not to be told of a rejection that nobody handles.
    this.done.catch(() => {});
  }

  pause(): void {
    if (this.state !== "running") return;
    this.state = "paused";
    this.#controller.abort();
  }

  resume(): void {
    if (this.state !== "paused") return;
    this.state = "running";
    this.#controller = this.#platform.makeController();
    this.#wake();
  }

  abort(): void {
    if (this.state !== "running" && this.state !== "paused") return;
    this.state = "aborted";
    this.#controller.abort();
    this.#wake();
  }

  async #run(): Promise<Record<string, unknown>> {
    for (;;) {
      try {
        await this.#whileRunning();
        const stored = await this.#storedBefore();
        if (stored !== null) return stored;
        this.id ??= await this.#announce();
        return await this.#transfer(this.id);
      } catch (error) {
        if (this.#stands() === "aborted") {
          await this.#end();
          throw error;
        }
        // Ended by `pause`: it goes on where it stood.
        if (!(error instanceof TransportError && error.code === "ABORTED")) throw error;
      }
    }
  }

  /** As it stands now, whatever it was before a wait. */
  #stands(): FileUpload["state"] {
    return this.state;
  }

  async #whileRunning(): Promise<void> {
    while (this.#stands() === "paused") {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#stands() === "aborted") throw new TransportError("The upload was aborted", { code: "ABORTED" });
  }

  /** Whoever takes an upload up may not have heard that it was stored; the row is out of sight until then. */
  async #storedBefore(): Promise<Record<string, unknown> | null> {
    if (this.#options.id === undefined) return null;
    const row = await this.#ask("GET", `/${this.id}`).catch(unlessAbsent);
    if (row !== null) this.#tell(this.#source.size);
    return row;
  }

  async #announce(): Promise<string> {
    const { row, name = this.#source.name, type = this.#source.type } = this.#options;
    if (name === undefined) throw new ValidationError("A name is needed for what has none");
    // Not ended by a pause: the id would be lost with the answer.
    const { body } = await this.#send({
      method: "POST",
      path: this.#root,
      body: { ...row, name, type, size: this.#source.size },
      isSafe: false,
      headers: {},
      options: {},
    });
    return (body as { readonly id: string }).id;
  }

  async #transfer(id: string): Promise<Record<string, unknown>> {
    const { size } = this.#source;
    this.#tell(0);
    if (size <= (this.#options.maxWholeBytes ?? 8 * MIB)) {
      const row = await this.#put(`/${id}/content`, [0, size], (bytes) => this.#tell(Math.min(bytes, size)));
      this.#tell(size);
      return row;
    }
    const { partBytes, missing, done } = (await this.#ask("POST", `/${id}/upload`)) as unknown as Parts;
    let sent = done.reduce((sum, part) => sum + part.size, 0);
    this.#tell(sent);
    const left = [...missing];
    /** Of each part that is on its way, what has left. */
    const leaving = new Map<number, number>();
    const tell = () => this.#tell([...leaving.values()].reduce((sum, bytes) => sum + bytes, sent));
    const lane = async () => {
      for (let number = left.shift(); number !== undefined; number = left.shift()) {
        const [start, end] = [(number - 1) * partBytes, Math.min(number * partBytes, size)];
        await this.#put(`/${id}/upload/${number}`, [start, end], (bytes) => {
          leaving.set(number, Math.min(bytes, end - start));
          tell();
        });
        leaving.delete(number);
        sent += end - start;
        tell();
      }
    };
    await this.#together(Array.from({ length: this.#options.parallel ?? 3 }, lane));
    return this.#complete(id);
  }

  /** The first that fails ends the others. */
  async #together(lanes: readonly Promise<void>[]): Promise<void> {
    const controller = this.#controller;
    try {
      await Promise.all(lanes);
    } catch (error) {
      controller.abort();
      await Promise.allSettled(lanes);
      if (this.#controller === controller && this.#stands() === "running")
        this.#controller = this.#platform.makeController();
      throw error;
    }
  }

  /** A completion that was carried out, and whose answer was lost, leaves nothing to complete: the row is there then. */
  async #complete(id: string): Promise<Record<string, unknown>> {
    const row = await this.#ask("POST", `/${id}/upload/complete`).catch(unlessAbsent);
    return row ?? this.#ask("GET", `/${id}`);
  }

  async #end(): Promise<void> {
    if (this.id === null) return;
    await this.#send({ ...this.#call("DELETE", `/${this.id}/upload`), options: {} }).catch(() => {});
  }

  async #ask(method: string, tail: string): Promise<Record<string, unknown>> {
    return (await this.#send(this.#call(method, tail))).body as Record<string, unknown>;
  }

  /** Bytes take as long as they take. */
  async #put(
    tail: string,
    [start, end]: readonly [start: number, end: number],
    onSent: (bytes: number) => void,
  ): Promise<Record<string, unknown>> {
    const { options, ...call } = this.#call("PUT", tail);
    const raw = { body: this.#source.slice(start, end), fetch: fetchWithProgress(onSent) };
    const { body } = await this.#send({ ...call, raw, options: { ...options, timeoutMs: 0 } });
    return body as Record<string, unknown>;
  }

  /** All of them may be repeated as they are. */
  #call(method: string, tail: string): Call {
    return {
      method,
      path: this.#root + tail,
      isSafe: true,
      headers: {},
      options: { signal: this.#controller.signal },
    };
  }

  #tell(sent: number): void {
    if (this.#stands() === "running") this.#options.onProgress?.({ sent, size: this.#source.size });
  }
}

/** Null for what is not there; any other failure stays one. */
function unlessAbsent(error: unknown): null {
  if (error instanceof LedgeError && error.status === 404) return null;
  throw error;
}
