/** YOURS. What stands there before there is a board: a name for the first one, or an example to look around in. */

import { newId } from "ledge/client";
import { useTransaction } from "ledge/client/react";
import { placeHref } from "./place.ts";
import { NewProject } from "./project-menu.tsx";
import { sampleBoard } from "./sample-board.ts";
import { NOT_STORED, say } from "./say.tsx";
import { goTo } from "./use-place.ts";

export function Welcome() {
  const { run, isPending } = useTransaction();
  const fill = async () => {
    const { project, writes } = sampleBoard(newId);
    await run(writes);
    goTo(placeHref({ board: project, view: "board", task: null }));
  };
  return (
    <div className="welcome">
      <h1>Make your first board</h1>
      <p>
        It is yours alone until you share a task. Open it in two windows; take the network away; close them in the
        middle of it.
      </p>
      <NewProject />
      <button
        type="button"
        className="button"
        disabled={isPending}
        onClick={() => void fill().catch(() => say(NOT_STORED))}
      >
        Or begin with an example
      </button>
    </div>
  );
}
