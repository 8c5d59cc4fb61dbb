/**
 * Mail as data, and who sends it. The default prints it in development, where the link is what one needs; elsewhere there is none,
 * and what would need one answers 503: a link in a production log would sign in whoever reads logs.
 */

import { Fault } from "../../core/fault.ts";
import { errorFields, type Logger } from "../../core/log.ts";
import { isDevelopment, type LedgeEnv } from "../../edge/env.ts";
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
export type Mailer = (mail: Mail, context: { readonly env: LedgeEnv; readonly log: Logger }) => Promise<void>;

/** Sends and never rejects: whether a mail arrives must not change an answer. Logs neither address nor link. */
export type Post = (mail: Mail) => Promise<void>;

export function postOf({ mailer }: AuthSettings, env: LedgeEnv, log: Logger): Post {
  const send = mailer ?? (isDevelopment(env) ? printMail : null);
  if (send === null) {
    log.error("sign-in cannot send mail", { mend: "give auth() a mailer" });
    throw new Fault({ slug: "unavailable", retryAfter: 60, detail: "Mail cannot be sent at the moment" });
  }
  return async (mail) => {
    try {
      await send(mail, { env, log });
    } catch (error) {
      log.error("a mail was not sent", { kind: mail.kind, ...errorFields(error) });
    }
  };
}

const printMail: Mailer = async ({ to, subject, text }) => {
  console.log(`\n┌ mail to ${to}: ${subject}\n${text.replace(/^/gm, "│ ")}\n└`);
};

export function verifyMail(to: string, link: string): Mail {
  const text = `Confirm that this is your address:\n\n${link}\n\nThe link works for a day. If you did not sign up, do nothing.`;
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
