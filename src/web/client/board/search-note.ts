/** YOURS. What the search says beside what it has found: that it is still asking, that it found nothing, or what it could not ask. Pure. */

export interface Asked {
  readonly isSearching: boolean;
  readonly error: { readonly status: number; readonly message: string } | null;
}

export interface Searches {
  readonly tasks: Asked;
  /** Boards, comments and files. */
  readonly elsewhere: Asked;
  /** Of both together. */
  readonly hits: number;
}

/** Null: what was found says all. "Nothing" is said once both have answered. */
export function searchNote({ tasks, elsewhere, hits }: Searches): string | null {
  if (tasks.isSearching || elsewhere.isSearching) return hits === 0 ? "Searching …" : null;
  const { error } = tasks.error === null ? elsewhere : tasks;
  if (error === null) return hits === 0 ? "Nothing found." : null;
  const isUnanswered = error.status === 0 || error.status >= 500;
  if (!isUnanswered) return error.message;
  if (tasks.error !== null && elsewhere.error !== null) return "Search needs the server.";
  return tasks.error === null ? "Tasks alone could be searched." : "Tasks could not be searched.";
}
