/**
 * Structured logs: one JSON-able entry a line, levels, child loggers that carry fields along.
 * Where entries go (`sink`) and what time it is are parameters; the edge and the objects give the console and the clock.
 * Never logged: tokens, query strings, bodies.
 */

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
/** A level, or `silent` for none at all. */
export type LogThreshold = LogLevel | "silent";

export interface LogEntry {
  readonly level: LogLevel;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export type LogSink = (entry: LogEntry) => void;
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Whether entries of this level are kept, for callers that would have to compute the fields. */
  isOn(level: LogLevel): boolean;
  /** A logger that adds these fields to every entry. */
  child(fields: LogFields): Logger;
}

export interface LoggerOptions {
  readonly level: LogThreshold;
  readonly sink: LogSink;
  readonly now: () => number;
  readonly fields?: LogFields;
}

export function createLogger({ level, sink, now, fields = {} }: LoggerOptions): Logger {
  const threshold = rank(level);
  const isOn = (wanted: LogLevel) => rank(wanted) >= threshold;
  const write = (wanted: LogLevel) => (message: string, more?: LogFields) => {
    if (isOn(wanted)) sink({ level: wanted, time: new Date(now()).toISOString(), message, ...fields, ...more });
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    isOn,
    child: (more) => createLogger({ level, sink, now, fields: { ...fields, ...more } }),
  };
}

/** The threshold a text names; anything else is `info`. */
export function parseLogLevel(text: string | undefined): LogThreshold {
  return text === "silent" || LOG_LEVELS.includes(text as LogLevel) ? (text as LogThreshold) : "info";
}

/** An error as log fields: name, message, stack, and what caused it. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: String(error) };
  const cause = error.cause === undefined ? {} : { cause: String(error.cause) };
  return { error: `${error.name}: ${error.message}`, stack: error.stack, ...cause };
}

function rank(level: LogThreshold): number {
  return level === "silent" ? LOG_LEVELS.length : LOG_LEVELS.indexOf(level);
}
