/** YOURS. The page as a whole: the head, the board or list that the address names, the task at its side, and news. */

import { useLiveAggregate, useLiveList, useSyncStatus } from "ledge/client/react";
import { useMemo } from "react";
import type { Person } from "./board-client.ts";
import { BoardView } from "./board-view.tsx";
import { COLUMNS, type Project } from "./columns.ts";
import { PersonMenu } from "./person-menu.tsx";
import { type Place, placeHref } from "./place.ts";
import { ProjectMenu } from "./project-menu.tsx";
import { Notice } from "./say.tsx";
import { SearchBox } from "./search-box.tsx";
import { SyncPanel } from "./sync-panel.tsx";
import { TaskList } from "./task-list.tsx";
import { TaskSheet } from "./task-sheet.tsx";
import { usePlace } from "./use-place.ts";
import { Welcome } from "./welcome.tsx";
import { useIsSignedOut } from "./whose-page.ts";

export function BoardApp({ person }: { readonly person: Person }) {
  const asked = usePlace();
  const isSignedOut = useIsSignedOut();
  const { items, isLoading, error } = useLiveList("projects", { orderBy: "name" });
  const place: Place = { ...asked, board: asked.board ?? items[0]?.id ?? null };
  const project = items.find(({ id }) => id === place.board);
  const title = place.board === "assigned" ? "Shared with you" : (project?.name ?? "Boards");
  return (
    <>
      <header className="top">
        <a
          className="brand"
          href={placeHref({ board: null, view: "board", task: null })}
          aria-label="Ledge, to your first board"
        >
          <img src="/ledge.svg" alt="" width={26} height={26} />
          <span>Ledge</span>
        </a>
        <div className="boards">
          <ProjectMenu place={place} title={title} />
        </div>
        <span className="grow" />
        <SearchBox place={place} />
        <SyncPanel />
        <PersonMenu person={person} />
      </header>
      <main className="stage">
        {isSignedOut ? <SignedOut person={person} /> : error !== null && <p className="failure">{error.message}</p>}
        {isLoading && !isSignedOut && <Bones />}
        {!isSignedOut && !isLoading && place.board === null && error === null && <Welcome />}
        {project !== undefined && <ProjectStage key={project.id} project={project} person={person.id} place={place} />}
        {place.board === "assigned" && <AssignedStage person={person.id} place={place} />}
        {!isSignedOut && !isLoading && place.board !== null && place.board !== "assigned" && project === undefined && (
          <div className="welcome">
            <h1>This board is not here any more</h1>
            <p>
              <a href={placeHref({ board: null, view: "board", task: null })}>To your boards</a>
            </p>
          </div>
        )}
      </main>
      {place.task !== null && <TaskSheet key={place.task} id={place.task} person={person.id} place={place} />}
      <Notice />
    </>
  );
}

interface StageProps {
  readonly person: string;
  readonly place: Place;
}

function ProjectStage({ project, person, place }: StageProps & { readonly project: Project }) {
  const pending = usePending();
  const { groups, lastSeq } = useLiveAggregate("tasks", {
    filter: { projectId: project.id },
    groupBy: ["status"],
    count: true,
  });
  const counts = useMemo(
    () => (lastSeq === 0 ? null : new Map<string, number>(groups.map(({ key, count }) => [key.status, count]))),
    [groups, lastSeq],
  );
  const total = counts === null ? null : [...counts.values()].reduce((sum, count) => sum + count, 0);
  const shared = { person, place, pending };
  return (
    <>
      <div className="title">
        <h1 dir="auto">{project.name}</h1>
        {/* The columns say it of themselves, with what is not saved yet. */}
        {place.view === "list" && <p className="sum">{counts === null ? "" : sumOf(counts)}</p>}
        <nav className="views" aria-label="View">
          {(["board", "list"] as const).map((view) => (
            <a key={view} href={placeHref(place, { view })} aria-current={place.view === view ? "page" : undefined}>
              {view === "board" ? "Board" : "List"}
            </a>
          ))}
        </nav>
      </div>
      {place.view === "board" ? (
        <BoardView project={project} counts={counts} {...shared} />
      ) : (
        <TaskList
          filter={{ projectId: project.id }}
          label={`All tasks of ${project.name}`}
          empty="No tasks yet. Add one on the board."
          total={total}
          {...shared}
        />
      )}
    </>
  );
}

function AssignedStage({ person, place }: StageProps) {
  const pending = usePending();
  return (
    <>
      <div className="title">
        <h1>Shared with you</h1>
      </div>
      <TaskList
        filter={{ assigneeId: person }}
        label="Tasks that others have shared with you"
        empty="Nobody has shared a task with you. They need your id for it: it is in your menu, at the top right."
        total={null}
        person={person}
        place={place}
        pending={pending}
      />
    </>
  );
}

/** Rows with writes that are not certain yet. */
function usePending(): ReadonlySet<string> {
  const { pending } = useSyncStatus();
  return useMemo(() => {
    const uncertain = pending.filter(({ status }) => status !== "refused");
    return new Set(uncertain.flatMap(({ writes }) => writes.map(({ id }) => String(id))));
  }, [pending]);
}

function sumOf(counts: ReadonlyMap<string, number>): string {
  return COLUMNS.map(({ status, name }) => `${(counts.get(status) ?? 0).toLocaleString()} ${name.toLowerCase()}`).join(
    " · ",
  );
}

function SignedOut({ person }: { readonly person: Person }) {
  return (
    <div className="welcome">
      <h1>You are signed out</h1>
      <p>
        What you do on this page is kept in this browser, and sent when {person.name} signs in again.{" "}
        <a href="/sign-in?next=%2Fboard">Sign in</a>
      </p>
    </div>
  );
}

function Bones() {
  return (
    <>
      <h1 className="unseen">Your boards are loading</h1>
      <div className="columns" aria-busy="true">
        {COLUMNS.map(({ status }) => (
          <div key={status} className="column" data-status={status}>
            {[1, 2, 3].map((bone) => (
              <div key={bone} className="bone" />
            ))}
          </div>
        ))}
      </div>
    </>
  );
}
