/** What a reader finds when all is over, against what lies in the files. Returns what differs, in words. */

import type { HttpClient } from "./http-client.ts";
import type { StoredObject } from "./object-file.ts";
import { pathOf, type TableName } from "./operations.ts";

/** Every table over HTTP, page by page: the same rows as in the files, and the seq that readers are told. */
export async function readBack(
  http: HttpClient,
  objects: ReadonlyMap<string, StoredObject>,
): Promise<{ wrong: string[]; heads: Map<string, number> }> {
  const wrong: string[] = [];
  const heads = new Map<string, number>();
  for (const object of objects.values()) {
    for (const [table, stored] of object.tables) {
      const partition = object.name.split("/")[3] ?? null;
      const rows: Record<string, unknown>[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const hidden = table === "papers" ? "&withDeleted=true" : "";
        const parameters: string = `?limit=100${hidden}${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
        const reply = await http.send({
          method: "GET",
          path: `${pathOf(table as TableName, partition, null)}${parameters}`,
          headers: { authorization: "Bearer dev:reader" },
        });
        if (reply.status !== 200) throw new Error(`GET ${table}: ${reply.status} ${reply.text}`);
        const page = JSON.parse(reply.text) as { items: Record<string, unknown>[]; nextCursor: string | null };
        rows.push(...page.items);
        cursor = page.nextCursor;
        heads.set(object.name, Number(reply.position?.split(":")[1]));
      }
      const seen = new Map(rows.map((row) => [row.id as string | number, row]));
      if (seen.size !== rows.length || seen.size !== stored.size)
        wrong.push(
          `${object.name}: ${rows.length} rows of ${table} read, ${seen.size} of them different, ${stored.size} stored`,
        );
      for (const [id, { row }] of stored) {
        const read = seen.get(id);
        const differs =
          read === undefined ||
          Object.entries(row).some(([name, value]) => JSON.stringify(read[name]) !== JSON.stringify(value));
        if (differs)
          wrong.push(
            `${object.name}: ${table} ${id} reads ${JSON.stringify(read)}, is stored as ${JSON.stringify(row)}`,
          );
      }
    }
  }
  return { wrong, heads };
}
