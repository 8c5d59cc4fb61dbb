/** YOURS. One write that the server refused: why, the words that somebody typed, whole and ready to be changed, and what can be done with it. */

import type { OutboxItem } from "ledge/client/offline";
import type { useSyncStatus } from "ledge/client/react";
import { describeRefusal, describeWrite } from "./describe-write.ts";
import { NOT_STORED, say } from "./say.tsx";
import { withText, writtenText } from "./written-text.ts";

export interface RefusedWriteProps {
  readonly item: OutboxItem;
  readonly sync: Pick<ReturnType<typeof useSyncStatus>, "retry" | "edit" | "discard">;
  /** Its words as they were changed here; undefined: they were not. */
  readonly draft: string | undefined;
  readonly change: (draft: string) => void;
}

export function RefusedWrite({ item, sync, draft, change }: RefusedWriteProps) {
  const isConflict = item.present !== undefined && item.present !== null;
  const written = writtenText(item);
  const text = draft ?? written?.text ?? "";
  const isChanged = written !== null && text !== written.text;
  const send = async () => {
    if (isChanged) await sync.edit(item.key, withText(item, written, text), { index: written.index });
    else await sync.retry(item.key);
    say("Sent again");
  };
  const giveUp = async () => {
    await sync.discard(item.key);
    say(isConflict ? "Theirs is kept" : "Discarded");
  };
  const decide = (decision: () => Promise<void>) => void decision().catch(() => say(NOT_STORED));
  return (
    <li className="refused">
      <p className="what">{describeWrite(item, written === null ? "quoted" : "apart")}</p>
      {written !== null && (
        <textarea
          className="field"
          aria-label={written.label}
          rows={1}
          maxLength={written.maxLength}
          dir="auto"
          value={text}
          onChange={({ target }) => change(target.value)}
        />
      )}
      <p className="why">{describeRefusal(item)}</p>
      <p className="choices">
        <button
          type="button"
          className="button"
          disabled={written !== null && text.trim() === ""}
          onClick={() => decide(send)}
        >
          {isConflict ? "Keep mine" : isChanged ? "Send it so" : "Try again"}
        </button>
        <button type="button" className="button" onClick={() => decide(giveUp)}>
          {isConflict ? "Take theirs" : "Discard"}
        </button>
      </p>
    </li>
  );
}
