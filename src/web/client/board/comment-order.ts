/**
 * YOURS. Comments in the order in which the server took them, which is how they are dated; an id begins with the clock of the browser that wrote it. What
 * the server has not dated yet was written just now. Pure.
 */

interface Dated {
  readonly id: string;
  readonly createdAt?: string | null;
}

export function inOrder<C extends Dated>(comments: readonly C[]): C[] {
  // Dates of the server's are texts of one form, and sort as they are.
  const place = ({ createdAt, id }: C) => `${createdAt ?? "~"} ${id}`;
  return comments.toSorted((one, other) => (place(one) < place(other) ? -1 : 1));
}
