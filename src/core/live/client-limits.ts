/**
 * Limits that clients of live queries know: their own, and those of a socket, which both of its ends reckon with. Each with the rule it
 * comes from.
 */

export const SOCKET_LIMITS = {
  /** Watches a socket ([WS12]). */
  watches: 100,
  /** Sent and not acknowledged, before the server stops ([WS10]). */
  unackedFrames: 256,
  unackedBytes: 2 ** 20,
} as const;

export const CLIENT_LIMITS = {
  /** It acknowledges after so much ([WS10]). */
  ackFrames: 64,
  ackBytes: 256 * 2 ** 10,
  /** Questions of a client where its writes are, open at a time. */
  inquiries: 8,
  /** Buffered commits of an object before its watches are opened anew ([CC4]). */
  bufferedCommits: 1000,
} as const;
