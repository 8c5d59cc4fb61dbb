/** YOURS. Ids of new rows, made in the browser so that a row can be referred to before the server has it: UUIDv7, in order of time. */

export function newId(): string {
  const time = Date.now().toString(16).padStart(12, "0");
  const chance = crypto.randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${chance.slice(15)}`;
}
