/**
 * Mail as data, who sends it, and where its links lead. The default prints it in development, where the link is what one needs; elsewhere
 * there is none: a link in a production log would sign in whoever reads logs. Links lead to an origin that was configured, outside
 * development never to whatever host a request names: who asks for a mail must not choose where its reader goes.
 */

import { Fault } from "../../core/fault.ts";
import { errorFields, type Logger } from "../../core/log.ts";
import { isDevelopment } from "../../edge/env.ts";
import type { AuthEnv } from "./auth-env.ts";
import type { AuthSettings } from "./auth-options.ts";

export interface Mail {
  readonly kind: "verify-email" | "reset-password" | "account-exists";
  readonly to: string;
  readonly subject: string;
  /** Plain text, with the link. */
  readonly text: string;
  /** The link alone; null where there is none. */
  readonly link: string | null;
}

/** Sends one mail; rejects when it could not. Called after the answer has left. */
export type Mailer = (mail: Mail, context: { readonly env: AuthEnv; readonly log: Logger }) => Promise<void>;

export interface Post {
  /** Sends and never rejects: whether a mail arrives must not change an answer. Logs neither address nor link. */
  readonly send: (mail: Mail) => Promise<void>;
  /** `verify` or `reset` with a token → the address of the page. */
  readonly link: (page: "verify" | "reset", token: string) => string;
}

interface Place {
  readonly env: AuthEnv;
  readonly url: URL;
  readonly log: Logger;
}

/** Where the application is, for links and `iss`: configured, in development that of the request; null where nothing tells. */
export function originOf(settings: AuthSettings, { env, url }: Pick<Place, "env" | "url">): string | null {
  if (isDevelopment(env)) return originIn(env) ?? url.origin;
  return settings.origin ?? originIn(env);
}

function originIn({ LEDGE_ORIGIN: text = "" }: AuthEnv): string | null {
  return URL.canParse(text) && new URL(text).origin === text ? text : null;
}

/** Whether a sign-up waits for its mail: as configured, otherwise wherever somebody sends mail. */
export function isVerificationRequired(settings: AuthSettings, env: AuthEnv): boolean {
  const { verification } = settings.signUp;
  return verification === null ? senderOf(settings, env) !== null : verification === "required";
}

/** What keeps mail from being sent; null when nothing does. */
export function mailProblem(settings: AuthSettings, place: Pick<Place, "env" | "url">): string | null {
  if (senderOf(settings, place.env) === null) return "give auth() a mailer";
  if (originOf(settings, place) === null) return "set LEDGE_ORIGIN, or give auth() its origin: links need one";
  return null;
}

/** Throws where mail cannot be sent; for `/readyz`. */
export function checkMail(settings: AuthSettings, env: AuthEnv): void {
  const problem = mailProblem(settings, { env, url: new URL("http://localhost") });
  if (problem !== null) throw new Error(`mail cannot be sent: ${problem}`);
}

/** Throws 503 where mail cannot be sent, and the log says what is missing. */
export function requirePost(settings: AuthSettings, place: Place): Post {
  const { env, log } = place;
  const send = senderOf(settings, env);
  const origin = originOf(settings, place);
  if (send === null || origin === null) {
    log.error("sign-in cannot send mail", { mend: mailProblem(settings, place) });
    throw new Fault({ slug: "unavailable", retryAfter: 60, detail: "Mail cannot be sent at the moment" });
  }
  return {
    link: (page, token) => `${origin}${settings.pages[page]}?token=${encodeURIComponent(token)}`,
    async send(mail) {
      try {
        await send(mail, { env, log });
      } catch (error) {
        log.error("a mail was not sent", { kind: mail.kind, ...errorFields(error) });
      }
    },
  };
}

function senderOf({ mailer }: AuthSettings, env: AuthEnv): Mailer | null {
  return mailer ?? (isDevelopment(env) ? printMail : null);
}

const printMail: Mailer = async ({ to, subject, text }) => {
  console.log(`\n┌ mail to ${to}: ${subject}\n${text.replace(/^/gm, "│ ")}\n└`);
};

export function verifyMail(to: string, link: string): Mail {
  const text = `Confirm that this is your address:\n\n${link}\n\nThe link works for a day, with the password of the sign-up it was sent for. If you did not sign up, do nothing.`;
  return { kind: "verify-email", to, subject: "Confirm your email address", text, link };
}

export function resetMail(to: string, link: string): Mail {
  const text = `Choose a new password:\n\n${link}\n\nThe link works for an hour, once. If you did not ask for it, do nothing.`;
  return { kind: "reset-password", to, subject: "Choose a new password", text, link };
}

export function existsMail(to: string): Mail {
  const text =
    "Somebody tried to sign up with this address, which has an account already. If it was you, sign in, or ask for a new password. Otherwise do nothing.";
  return { kind: "account-exists", to, subject: "You have an account already", text, link: null };
}
