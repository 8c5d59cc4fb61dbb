/**
 * YOURS. All tasks of a board as a file for spreadsheets: a job of the server, with a bar while it runs, a way to stop it, and a link once it is
 * made. Which job it is stands in the tab's storage, so closing the menu or loading the page again does not lose it.
 */

import type { LedgeError } from "ledge/client";
import { enqueueJob, followJob, type JobView } from "ledge/client/jobs";
import { useJob, useLedge } from "ledge/client/react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { say } from "./say.tsx";

interface Exported {
  readonly rows: number;
  readonly total: number;
  readonly csv: string;
}

export interface ExportTasksProps {
  readonly project: string;
  readonly title: string;
}

export function ExportTasks({ project, title }: ExportTasksProps) {
  const client = useLedge() as never;
  const kept = `ledge.export.${project}`;
  const [id, setId] = useState(() => sessionStorage.getItem(kept));
  const [isAsking, setAsking] = useState(false);
  const { job, error } = useJob<Exported>(id);
  const root = useRef<HTMLElement>(null);
  const step = `${id} ${job?.state} ${error?.code}`;
  // A button that was pressed may be gone with the step it belonged to: the focus stays here.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `step` says that buttons have changed
  useEffect(() => {
    if (document.activeElement === document.body) root.current?.focus();
  }, [step]);
  const begin = async () => {
    setAsking(true);
    try {
      const handle = await enqueueJob(client, "export-tasks", { projectId: project });
      sessionStorage.setItem(kept, handle.id);
      setId(handle.id);
    } catch {
      say("The export could not be begun: it needs the server");
    }
    setAsking(false);
  };
  const stop = (of: string) =>
    followJob(client, of)
      .cancel()
      .catch(() => say("The export could not be stopped: that needs the server"));
  const putAway = () => {
    sessionStorage.removeItem(kept);
    setId(null);
  };
  const end = error !== null ? lost(error) : job === null ? null : endOf(job, title);
  return (
    <section className="export" aria-label={`Export of ${title}`} ref={root} tabIndex={-1}>
      {id === null ? (
        <button type="button" className="item" disabled={isAsking} onClick={() => void begin()}>
          Export all tasks as a file
        </button>
      ) : (
        <>
          <p className="note" role="status">
            {end === null ? standing(job) : end.text}
          </p>
          {end === null && <Bar job={job} />}
          <p className="choices">
            {end?.link}
            {job !== null && end === null ? (
              <button type="button" className="button" disabled={job.cancelAt !== null} onClick={() => void stop(id)}>
                Stop
              </button>
            ) : (
              <button type="button" className="button plain" onClick={putAway}>
                Put away
              </button>
            )}
          </p>
        </>
      )}
    </section>
  );
}

function Bar({ job }: { readonly job: JobView | null }) {
  const value = job?.state === "running" ? job.progress : undefined;
  return (
    <div className="bar">
      <progress aria-label="Progress of the export" max={100} value={value} />
      <span>{value === undefined ? "" : (job?.note ?? "")}</span>
    </div>
  );
}

/** Of a job that has not ended. */
function standing(job: JobView | null): string {
  if (job === null) return "Asking how the export stands …";
  if (job.cancelAt !== null) return "Being stopped …";
  if (job.state === "failed") return "It went wrong, and is tried again soon.";
  return job.state === "running" ? "Being exported …" : "Waits for its turn …";
}

interface End {
  readonly text: string;
  readonly link?: ReactNode;
}

/** It is kept for a day; then there is nothing to be had. */
function lost({ code }: LedgeError): End {
  if (code === "NOT_FOUND") return { text: "The export is not there any more." };
  return { text: "How the export stands cannot be asked for." };
}

function endOf({ state, result, error }: JobView<Exported>, title: string): End | null {
  if (state === "cancelled") return { text: "The export was stopped." };
  if (state === "dead") return { text: `The export failed: ${error ?? "nothing more is known"}` };
  if (state !== "completed" || result === null) return null;
  const { rows, total, csv } = result;
  const count = rows.toLocaleString();
  const text =
    rows < total
      ? `The first ${count} of ${total.toLocaleString()} tasks are exported: a file has no more.`
      : `${count} ${rows === 1 ? "task is" : "tasks are"} exported.`;
  return { text, link: <Download csv={csv} name={`${title}.csv`} /> };
}

/** Spreadsheets take a file for UTF-8 when it begins with the mark. */
function Download({ csv, name }: { readonly csv: string; readonly name: string }) {
  const [href, setHref] = useState<string>();
  useEffect(() => {
    const url = URL.createObjectURL(new Blob(["\uFEFF", csv], { type: "text/csv;charset=utf-8" }));
    setHref(url);
    return () => URL.revokeObjectURL(url);
  }, [csv]);
  return (
    <a className="button main" href={href} download={name}>
      Download
    </a>
  );
}
