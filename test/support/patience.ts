/** How long a test and a condition that it polls may take: a busy machine stalls for seconds, and what waits for a condition ends with it. */

/** Spread into a project's `test`; what takes longer by its nature says so after it. */
export const PATIENCE = { testTimeout: 60_000, expect: { poll: { timeout: 15_000 } } } as const;
