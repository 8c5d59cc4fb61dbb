/**
 * YOURS. The files of a task, with thumbnails; more are dropped on them, chosen, or pasted wherever the focus is, and shown with their
 * progress.
 */

import { linkAttachment, listAttachments, removeAttachment, type UploadItem } from "ledge/client/files";
import { useLedge, useQuery } from "ledge/client/react";
import { type FileUploads, useFiles, useFileUpload } from "ledge/client/react/files";
import { useEffect, useEffectEvent } from "react";
import { attachmentName } from "./attachment-name.ts";
import { say } from "./say.tsx";

interface Shown {
  readonly name: string;
  readonly url: string;
  /** Of an image. */
  readonly thumb: string | null;
}

const NONE: readonly Shown[] = [];

export function TaskFiles({ task }: { readonly task: string }) {
  const client = useLedge() as never;
  const { items: sending, add, dismiss, retry } = useFileUpload("attachments", { row: { taskId: task } });
  // The task's files by name, those of a companion too; asked again when the list of one's own is told of a change, in whatever window.
  useFiles("attachments", { filter: { taskId: task } });
  const load = () => filesOf(client, task);
  const { data, error, refresh } = useQuery({ key: ["task-files", task], tables: ["attachments"], load });
  const stored = data ?? NONE;
  useEffect(() => {
    for (const { key, name, state } of sending)
      if (state === "done" && stored.some((file) => file.name === name)) dismiss(key);
  }, [sending, stored, dismiss]);
  const take = (files: FileList | null) => {
    const taken = new Set([...stored, ...sending].map(({ name }) => name));
    for (const file of files ?? []) {
      const name = attachmentName(file.name, taken);
      taken.add(name);
      add(file, { name });
    }
  };
  const paste = useEffectEvent((event: ClipboardEvent) => {
    const { clipboardData, target } = event;
    if (clipboardData === null || clipboardData.files.length === 0) return;
    // Cells of a spreadsheet come as a text and a picture of it: a field for text takes the text.
    const isField = target instanceof Element && target.matches("textarea, input:not([type=file])");
    if (isField && clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    take(clipboardData.files);
  });
  useEffect(() => {
    // The focus is on a button of the sheet, in one of its fields or on nothing: none of that is inside this section.
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  }, []);
  const remove = async (name: string) => {
    await removeAttachment(client, "tasks", task, name).catch(() => say("It could not be removed"));
    await refresh();
  };
  return (
    <section
      className="files"
      aria-label="Files"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        take(event.dataTransfer.files);
      }}
    >
      <h3>Files</h3>
      <ul>
        {stored.map(({ name, url, thumb }) => (
          <li key={name}>
            <a href={url} target="_blank" rel="noreferrer">
              {thumb !== null && <img src={thumb} alt="" width={64} height={48} />}
              <span>{name}</span>
            </a>
            <button
              type="button"
              className="button plain"
              aria-label={`Remove ${name}`}
              onClick={() => void remove(name)}
            >
              Remove
            </button>
          </li>
        ))}
        {sending.map((item) => (
          <Sending key={item.key} item={item} dismiss={dismiss} retry={retry} />
        ))}
      </ul>
      {error !== null && data === undefined && <p className="quiet">The files cannot be shown now.</p>}
      <label className="button plain">
        Add files, or drop or paste them here
        <input className="unseen" type="file" multiple onChange={({ target }) => take(target.files)} />
      </label>
    </section>
  );
}

interface SendingProps extends Pick<FileUploads, "dismiss" | "retry"> {
  readonly item: UploadItem;
}

function Sending({ item: { key, name, size, sent, state, error }, dismiss, retry }: SendingProps) {
  return (
    <li>
      {state === "failed" ? (
        <span role="alert">
          {name}: {error instanceof Error ? error.message : String(error)}
          <button type="button" className="button plain" onClick={() => retry(key)}>
            Try again
          </button>
        </span>
      ) : (
        <progress aria-label={`Uploading ${name}`} max={Math.max(size, 1)} value={sent} />
      )}
      <button type="button" className="button plain" aria-label={`Cancel ${name}`} onClick={() => dismiss(key)}>
        Cancel
      </button>
    </li>
  );
}

/** With addresses that an `<img>` can use, whoever is signed in and however. */
async function filesOf(client: never, task: string): Promise<readonly Shown[]> {
  const rows = (await listAttachments(client, "tasks", task)) as { readonly name: string; readonly type: string }[];
  return Promise.all(
    rows.map(async ({ name, type }) => {
      const link = async (shown: object) =>
        (await linkAttachment(client, "tasks", task, name, { use: "show", ...shown })).url;
      return { name, url: await link({}), thumb: type.startsWith("image/") ? await link({ preset: "thumb" }) : null };
    }),
  );
}
