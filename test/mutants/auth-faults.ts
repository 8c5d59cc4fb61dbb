/** Faults of sign-in for `npm run mutants`: each takes out, or turns round, one line that keeps somebody out. */

import type { PlantedFault } from "./foundation-faults.ts";

const AUTH = "src/features/auth";

const fault = (
  rule: string,
  file: string,
  [find, replace]: readonly [string, string],
  [test, name]: readonly [string, string],
) => ({ rule, file: `${AUTH}/${file}`, find, replace, test, name, folder: "features/auth" }) satisfies PlantedFault;

export const AUTH_FAULTS: readonly PlantedFault[] = [
  fault(
    "Y1",
    "identify.ts",
    ["if (canChange(sent)) checkCsrf(headers, sent.csrf ?? null, session.id, keyring);", ""],
    ["attacks", "[Y1] a change by cookie needs the session's own CSRF token"],
  ),
  fault(
    "Y1",
    "identify.ts",
    ['|| headers.has("upgrade")', ""],
    ["attacks", "[Y1] a change from another origin is refused even with the token, and so is a socket"],
  ),
  fault(
    "Y1",
    "auth-call.ts",
    ["if (!isRead) checkOrigin({ headers: request.headers, url }, settings);", ""],
    ["attacks", "[Y1] no other site signs anybody in"],
  ),
  fault(
    "A13",
    "endpoints/begin-session.ts",
    ["await endFormer(call);", ""],
    ["sessions", "[A13] a sign-in gives a new session, and ends the one that the browser had"],
  ),
  fault(
    "Z4",
    "identify.ts",
    ['if (session.expiresAtMs <= nowMs) throw ended("expired");', ""],
    ["sessions", "[Z4] expired, revoked, forged and foreign ones end at the edge"],
  ),
  fault(
    "A4",
    "identify.ts",
    [
      'if (given === null) throw ended("invalid-credentials");',
      'if (given === null) { databaseOf(env, log).prepare("SELECT 1"); throw ended("invalid-credentials"); }',
    ],
    ["sessions", "[A4] a request without a credential asks the database for nothing"],
  ),
  fault(
    "A14",
    "refresh-token.ts",
    ['await database.prepare("DELETE FROM auth_sessions WHERE id = ?").bind(sessionId).run();', ""],
    ["sessions", "[A14] refresh tokens rotate"],
  ),
  fault(
    "A14",
    "refresh-token.ts",
    ["&& nowMs - session.refreshed_at < REPEAT_MS", ""],
    ["sessions", "[A14] a used refresh token ends the session once the moment for repeating is over"],
  ),
  fault(
    "A14",
    "refresh-token.ts",
    [
      'if (body === "" || !keyring.isSigned("refresh-tag", body, tag)) throw refused();',
      'if (body === "") throw refused();',
    ],
    ["sessions", "[A14] a stranger who guesses a refresh token ends nobody's session"],
  ),
  fault(
    "A34",
    "throttle.ts",
    ["if (full.length === 0) break;", "if (full.length >= 0) break;"],
    ["attacks", "[A34] five failures for a mail"],
  ),
  fault("A34", "throttle.ts", ['outcome = "succeeded";', ""], ["attacks", "[A34] what succeeds does not count"]),
  fault(
    "Y6",
    "library/d1-statements.ts",
    ["return hashToken(String(value));", "return String(value);"],
    ["sessions", "[Y6] tokens are stored as hashes"],
  ),
  fault(
    "A1",
    "library/database-adapter.ts",
    ["if (gathered !== null) { gathered.push(statement); return 1; }", ""],
    ["crash", "[A1] leaves a whole person or none"],
  ),
  fault(
    "A11",
    "library/database-adapter.ts",
    ["if (gathered !== null) gathered.push(demand(model, one));", ""],
    ["attacks", "[A11] of two who follow one link at once, one wins"],
  ),
  fault(
    "A16",
    "auth-call.ts",
    ['if (identity.via !== "key") return identity;', "return identity as never;"],
    ["principal", "[A16] a key cannot make keys"],
  ),
  {
    rule: "A2",
    file: "src/edge/local-path.ts",
    find: 'return target.origin === new URL(origin).origin && !path.startsWith("//") ? path : fallback;',
    replace: "return value;",
    test: "attacks",
    name: "[A2] a form leads on to a place of this site",
    folder: "features/auth",
  },
];
