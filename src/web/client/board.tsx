/** YOURS. The board in the browser: takes what the server has written on the page, makes the client, draws. Bundled by `ledge bundle`. */

import "./board/board.css";
import { LedgeProvider } from "ledge/client/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BoardApp } from "./board/board-app.tsx";
import { boardClient, pageFacts } from "./board/board-client.ts";
import { keepPages } from "./board/offline-pages.ts";
import { watchPerson } from "./board/whose-page.ts";

const root = document.getElementById("board");
if (root !== null) {
  const facts = pageFacts(root);
  const client = boardClient(facts);
  watchPerson(client, facts.person);
  // A window that is closed may have a second's rows that are not kept yet.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void client.store.flush();
  });
  createRoot(root).render(
    <StrictMode>
      <LedgeProvider client={client}>
        <BoardApp person={facts.person} />
      </LedgeProvider>
    </StrictMode>,
  );
  keepPages();
}
