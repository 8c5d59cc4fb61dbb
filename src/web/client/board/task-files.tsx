/** YOURS. The files of a task, with thumbnails; more are dropped on them, pasted or chosen, and shown with their progress. */

import { createUploads, linkAttachment, listAttachments, removeAttachment, type UploadItem } from "ledge/client/files";
import { useLedge } from "ledge/client/react";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { attachmentName } from "./attachment-name.ts";
import { say } from "./say.tsx";

interface Shown {
  readonly name: string;
  readonly url: string;
  /** Of an image. */
  readonly thumb: string | null;
}

export function TaskFiles({ task }: { readonly task: string }) {
  const client = useLedge() as never;
  const uploads = useMemo(() => createUploads(client), [client]);
  const sending = useSyncExternalStore(uploads.subscribe, uploads.getSnapshot);
  const [stored, setStored] = useState<readonly Shown[]>([]);
  const done = sending.filter(({ state }) => state === "done").length;
  // Once more whenever one has arrived.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `done` says that there is more to see
  useEffect(() => {
    let isCurrent = true;
    filesOf(client, task).then(
      (found) => isCurrent && setStored(found),
      () => say("The files cannot be shown now"),
    );
    return () => {
      isCurrent = false;
    };
  }, [client, task, done]);
  const take = (files: FileList | null) => {
    const taken = new Set([...stored, ...sending].map(({ name }) => name));
    for (const file of files ?? []) {
      const name = attachmentName(file.name, taken);
      taken.add(name);
      uploads.add("attachments", file, { name, row: { taskId: task } });
    }
  };
  const remove = async (name: string) => {
    await removeAttachment(client, "tasks", task, name).catch(() => say("It could not be removed"));
    setStored(await filesOf(client, task));
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
      onPaste={(event) => take(event.clipboardData.files)}
    >
      <h3>Files</h3>
      <ul>
        {stored.map(({ name, url, thumb }) => (
          <li key={name}>
            <a href={url} target="_blank" rel="noreferrer">
              {thumb !== null && <img src={thumb} alt="" width={80} height={60} />}
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
        {sending.map((item) => item.state !== "done" && <Sending key={item.key} item={item} uploads={uploads} />)}
      </ul>
      <label className="button plain">
        Add files, or drop or paste them here
        <input type="file" multiple hidden onChange={({ target }) => take(target.files)} />
      </label>
    </section>
  );
}

interface SendingProps {
  readonly item: UploadItem;
  readonly uploads: ReturnType<typeof createUploads>;
}

function Sending({ item: { key, name, size, sent, state, error }, uploads }: SendingProps) {
  return (
    <li>
      {state === "failed" ? (
        <span role="alert">
          {name}: {error instanceof Error ? error.message : String(error)}
          <button type="button" className="button plain" onClick={() => uploads.retry(key)}>
            Try again
          </button>
        </span>
      ) : (
        <progress aria-label={`Uploading ${name}`} max={Math.max(size, 1)} value={sent} />
      )}
      <button type="button" className="button plain" aria-label={`Cancel ${name}`} onClick={() => uploads.dismiss(key)}>
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
