/** An answer, or null where it took too long; nothing keeps the object awake afterwards. A rejection is passed on. */

export function answeredWithin<V>(limitMs: number, answer: Promise<V>): Promise<V | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), limitMs);
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
