/**
 * YOURS. What a search finds beside tasks: boards, comments and files, in one request over their copies (`GET /api/search`). Asked when
 * somebody pauses; each table shows what its own rules let them see.
 */

import type { SignalLike } from "ledge/client";
import { useQuery } from "ledge/client/react";
import { useEffect, useState } from "react";
import type { BoardClient } from "./board-client.ts";

/** Ms without a key. */
const PAUSE_MS = 200;
const NOTHING: FoundElsewhere = { boards: [], comments: [], files: [] };

export interface FoundElsewhere {
  readonly boards: readonly { readonly id: string; readonly name: string }[];
  readonly comments: readonly { readonly id: string; readonly taskId: string; readonly body: string }[];
  readonly files: readonly { readonly id: string; readonly taskId: string; readonly name: string }[];
}

export function useFoundElsewhere(client: BoardClient, text: string): FoundElsewhere {
  const [asked, ask] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => ask(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const { data = NOTHING } = useQuery(
    asked === ""
      ? null
      : {
          key: ["search everywhere", asked],
          tables: ["projects", "comments", "attachments"],
          load: (signal: SignalLike) => search(client, asked, signal),
        },
  );
  return text === "" ? NOTHING : data;
}

async function search(client: BoardClient, q: string, signal: SignalLike): Promise<FoundElsewhere> {
  const everywhere = client.resource("search") as unknown as {
    list(
      options: object,
    ): Promise<{ readonly results: Readonly<Record<string, { readonly items: readonly never[] }>> }>;
  };
  const { results } = await everywhere.list({ q, limit: 5, signal });
  const of = (table: string) => results[table]?.items ?? [];
  return { boards: of("projects"), comments: of("comments"), files: of("attachments") };
}
