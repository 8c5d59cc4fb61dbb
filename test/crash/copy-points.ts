/** Where the read-model campaign kills: around and inside every kind of batch by which a consumer changes a copy. */

/** What a batch of a consumer is for. `…-beside`: while another copy of the object is read from. */
export const KINDS = ["begin", "follow", "fill", "switch", "fill-beside", "switch-beside", "drop"] as const;
/** Before it is sent, between two of its statements, committed and not yet answered, answered. */
export const MOMENTS = ["pulled", "inside", "committed", "told"] as const;
export type CopyPoint = `${(typeof KINDS)[number] | "confirm"}.${(typeof MOMENTS)[number]}`;

/** Begins the line that a stopped process writes; the point's name follows. */
export const STOPPED_AT = "[harm] stopped at ";
