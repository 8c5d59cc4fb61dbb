/** One after the other: what is given begins when all that was given before has ended, well or not. For storages whose reads and writes belong together. */

export type InOrder = <T>(run: () => Promise<T>) => Promise<T>;

export function inOrder(): InOrder {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const result = last.then(run);
    last = result.catch(() => {});
    return result;
  };
}
