/** Every row of a table through its list endpoint, page by page. */

export type ApiRow = Readonly<Record<string, unknown>>;

export async function readAll(base: string, table: string): Promise<ApiRow[]> {
  const rows: ApiRow[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query = new URLSearchParams({ limit: "100", ...(cursor === "" ? {} : { cursor }) });
    const reply = await fetch(`${base}/api/${table}?${query}`);
    if (!reply.ok) throw new Error(`list of ${table}: ${reply.status} ${await reply.text()}`);
    const page = (await reply.json()) as { readonly items: ApiRow[]; readonly nextCursor: string | null };
    rows.push(...page.items);
    cursor = page.nextCursor;
  }
  return rows;
}
