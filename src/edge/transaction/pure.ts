/** A function of a transaction, run: it computes, and what waits belongs into `prepare` ([TX4]). */

export function pure<V>(what: string, run: () => V): V {
  const value = run();
  if (typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function")
    throw new TypeError(
      `${what} returned a promise: functions of a transaction are synchronous, asynchronous work goes to prepare`,
    );
  return value;
}
