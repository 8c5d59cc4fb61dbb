/**
 * Limits that an object keeps for its live queries, each with the rule it comes from. Flow control is by acknowledgement: no timer runs
 * for any of it. No client carries these: what it has to know is in `client-limits.ts`.
 */

export const LIVE_LIMITS = {
  /** Sockets of an object, and those of one caller among them ([WS13] [WS14]). */
  sockets: 8000,
  socketsEach: 50,
  /** Rights of a socket, as text: they are kept in its attachment. */
  rightsBytes: 4000,
  /** How old a scope may be that an asynchronous rule gave ([RV4]). */
  scopeMaxAgeMs: 60_000,
  /** Tries to resolve a scope, before its watches end ([RV5]). */
  scopeTries: 3,
  /** Rows that leave or enter with a change of the scope, before it is a reset ([RV3]). */
  scopeRows: 1000,
  /** Questions of a socket that wait for their answer. */
  syncs: 64,
  /** Windows an object ([LV14]). */
  windows: 1000,
  /** Rows, and bytes, of a snapshot that is no window ([LV7]). */
  snapshotRows: 10_000,
  snapshotBytes: 16 * 2 ** 20,
  /** Groups of a live aggregate ([LA1]). */
  groups: 1000,
  /** A frame from the client ([WS9]). */
  clientFrameBytes: 64 * 2 ** 10,
  /** A frame of a snapshot, where rows allow it ([WS5]). */
  snapshotFrameBytes: 64 * 2 ** 10,
  /** One commit on one socket; more is a reset ([WS3]). */
  commitFrameBytes: 8 * 2 ** 20,
  /** Rest of snapshots an object keeps for sockets that cannot take them ([WS10]). */
  heldBytes: 32 * 2 ** 20,
  /** What a lagging socket is served from the ledger ([WS11]). */
  replayCommits: 1000,
  /** What a watch that resumes is served from the ledger at most: all that it keeps, within the bytes. */
  resumeCommits: Number.MAX_SAFE_INTEGER,
  replayBytes: 8 * 2 ** 20,
  lagMs: 30_000,
  /** Commits a socket may not see before it is told where the object stands ([WS7]). */
  invisibleCommits: 256,
  helloMs: 10_000,
  /** Frames from the client ([WS15]). */
  framesPerSecond: 50,
  framesBurst: 200,
} as const;
