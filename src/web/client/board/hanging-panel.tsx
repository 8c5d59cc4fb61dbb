/** YOURS. A button with a panel that hangs from it: closed by Escape, by a click elsewhere, and when focus leaves it. */

import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useKeptFocus } from "./use-kept-focus.ts";

export interface HangingPanelProps {
  readonly label: string;
  readonly button: ReactNode;
  readonly buttonClass: string;
  readonly side?: "left" | "right";
  readonly panelClass?: string;
  readonly state?: string;
  /** The name of a panel that is read, and not only pressed: it takes the focus, so that keys scroll it. */
  readonly reading?: string;
  readonly children: (close: () => void) => ReactNode;
}

export function HangingPanel({
  label,
  button,
  buttonClass,
  side = "right",
  panelClass = "",
  state,
  reading,
  children,
}: HangingPanelProps) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const close = () => setOpen(false);
  // Of a panel that is read, what was decided about goes; the next decision is not one key away.
  useKeptFocus(root, (focused) => {
    const panel = focused.closest<HTMLElement>(".panel[tabindex]");
    return () => panel;
  });
  useEffect(() => {
    if (!isOpen) return;
    const onPointer = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", onPointer);
    return () => document.removeEventListener("pointerdown", onPointer);
  }, [isOpen]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only hears what bubbles from the controls inside
    <div
      className="hang"
      ref={root}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        event.stopPropagation();
        close();
        opener.current?.focus();
      }}
      onBlur={({ relatedTarget }) => {
        if (relatedTarget !== null && !root.current?.contains(relatedTarget)) close();
      }}
    >
      <button
        type="button"
        ref={opener}
        className={buttonClass}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        aria-label={label}
        data-state={state}
        onClick={() => setOpen(!isOpen)}
      >
        {button}
      </button>
      {isOpen && (
        <div id={id} className={`panel ${side} ${panelClass}`} {...(reading !== undefined && readable(reading))}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

function readable(name: string) {
  return { role: "region", "aria-label": name, tabIndex: 0 };
}
