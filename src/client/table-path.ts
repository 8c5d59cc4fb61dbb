/** The path of a table below the base address, as parts beside `createClient` build it; a partition is one segment of it. */

export function tablePath(table: string, partition?: string): string {
  return `${partition === undefined ? "" : `/@${encodeURIComponent(partition)}`}/${encodeURIComponent(table)}`;
}
