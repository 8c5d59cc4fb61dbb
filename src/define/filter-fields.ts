/** Members of an object by a list of names ([F4]), for routes that take and give rows by hand. Own members only. */

type Fields = Readonly<Record<string, unknown>>;

/** What a client may set: the members that are named. */
export function filterInput<T extends Fields, K extends string>(
  body: T,
  fields: readonly K[],
): Partial<Pick<T, K & keyof T>> {
  return pick(body, fields);
}

/** What may leave: the members that are named. */
export function filterOutput<T extends Fields, K extends string>(
  row: T,
  fields: readonly K[],
): Partial<Pick<T, K & keyof T>> {
  return pick(row, fields);
}

function pick<T extends Fields, K extends string>(source: T, fields: readonly K[]): Partial<Pick<T, K & keyof T>> {
  const held = fields.filter((name) => Object.hasOwn(source, name)).map((name) => [name, source[name]]);
  return Object.fromEntries(held) as Partial<Pick<T, K & keyof T>>;
}
