/** YOURS. The button that removes a task, and its question: files go with a task, so nothing brings it back as it was. */

import { useEffect, useRef, useState } from "react";

export function RemoveTask({ remove }: { readonly remove: () => void }) {
  const [isAsked, setAsked] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const wasAsked = useRef(isAsked);
  useEffect(() => {
    // The button that was pressed has gone; the one that changes nothing is the next.
    if (wasAsked.current !== isAsked) first.current?.focus();
    wasAsked.current = isAsked;
  }, [isAsked]);
  if (!isAsked)
    return (
      <button ref={first} type="button" className="button plain away" onClick={() => setAsked(true)}>
        Remove this task
      </button>
    );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields, these are the answers to a question
    <div
      className="asked"
      role="group"
      aria-labelledby="remove-question"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        setAsked(false);
      }}
    >
      <p id="remove-question">Remove this task with its files, for everybody who sees it?</p>
      <button ref={first} type="button" className="button" onClick={() => setAsked(false)}>
        Keep it
      </button>
      <button type="button" className="button main" onClick={remove}>
        Remove it
      </button>
    </div>
  );
}
