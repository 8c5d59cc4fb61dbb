/** YOURS. The board in the browser: takes what the server has written on the page, makes the client, draws. Bundled by `ledge bundle`. */

import "./board/board.css";
import { LedgeProvider } from "ledge/client/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BoardApp } from "./board/board-app.tsx";
import { boardClient, pageFacts } from "./board/board-client.ts";
import { keepPages } from "./board/offline-pages.ts";

const root = document.getElementById("board");
if (root !== null) {
  const facts = pageFacts(root);
  createRoot(root).render(
    <StrictMode>
      <LedgeProvider client={boardClient(facts)}>
        <BoardApp person={facts.person} />
      </LedgeProvider>
    </StrictMode>,
  );
  keepPages();
}
