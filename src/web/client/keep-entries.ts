/** YOURS. Brings the items of a list in line with rows, by `data-key`: those that stay keep their elements, and with them focus and what was typed. */

export interface Entries<Row> {
  /** The whole item, as HTML in which whatever came from rows is escaped. */
  readonly make: (row: Row) => { readonly text: string };
  readonly update: (item: HTMLElement, row: Row) => void;
}

export function keepEntries<Row extends { readonly id: string }>(
  list: HTMLElement,
  rows: readonly Row[],
  { make, update }: Entries<Row>,
): void {
  const present = new Map<string, HTMLElement>();
  for (const item of list.querySelectorAll<HTMLElement>(":scope > [data-key]"))
    present.set(item.dataset.key ?? "", item);
  let place: Element | null = list.firstElementChild;
  for (const row of rows) {
    const held = present.get(row.id);
    present.delete(row.id);
    const item = held ?? itemOf(make(row).text);
    if (held !== undefined) update(held, row);
    if (item !== place) list.insertBefore(item, place);
    else place = place.nextElementSibling;
  }
  for (const item of present.values()) item.remove();
}

function itemOf(text: string): HTMLElement {
  const template = document.createElement("template");
  template.innerHTML = text;
  return template.content.firstElementChild as HTMLElement;
}
