/** YOURS. The account pages: sign in, sign up, the links of mails, a forgotten password. Plain forms; what the endpoints make of them is docs/auth.md. */

import { localPath, type RouteContext } from "ledge";
import { accountPage } from "./account-page.ts";
import { type Html, html } from "./html.ts";

const HOME = "/board";

/** What `?problem=` means to a person. */
const NOTICES: Readonly<Record<string, string>> = {
  "invalid-credentials":
    "The email address or the password is wrong, or the address is not confirmed yet: follow the link in the mail first.",
  "rate-limit-exceeded": "Too many tries. Wait a quarter of an hour.",
  unavailable: "Mail cannot be sent at the moment. Try again later.",
  unique: "This address has an account. Sign in instead.",
  "email-email": "That is not an email address.",
  "email-too-long": "That is not an email address.",
  "password-too-short": "The password is too short.",
  "password-too-long": "The password is too long.",
  "password-common": "Many people use that password. Choose another one.",
  "password-email": "The password must not be the email address.",
  "token-invalid": "This link is not valid any more. Ask for a new mail.",
  "token-expired": "This link is too old. Ask for a new mail.",
};

const VERIFY_NOTICES: Readonly<Record<string, string>> = {
  ...NOTICES,
  "invalid-credentials":
    "That is not the password of this sign-up. If you did not choose it, somebody else signed up with your address: sign up again, or choose a new password by mail.",
  "token-invalid": "This link is not valid any more. Sign up again, and follow the new mail.",
  "token-expired": "This link is too old. Sign up again, and follow the new mail.",
};

export function signInPage(context: RouteContext): Response {
  const isConfirmed = context.url.searchParams.has("confirmed");
  return accountPage(context, {
    title: "Sign in",
    lead: isConfirmed ? "Your address is confirmed. Sign in to go on." : "Good to see you again.",
    notice: noticeOf(context),
    content: html`${form(context, "/login", { next: nextOf(context), button: "Sign in" }, [EMAIL, password("current-password")])}
<p class="others"><a href="/sign-up">Sign up</a> <a href="/forgot-password">Forgot your password?</a></p>`,
  });
}

export function signUpPage(context: RouteContext): Response {
  return accountPage(context, {
    title: "Sign up",
    lead: "An address and a password, nothing else.",
    notice: noticeOf(context),
    content: html`${form(context, "/signup", { next: nextOf(context), sent: "/check-mail", button: "Sign up" }, [EMAIL, password("new-password")])}
<p class="others"><a href="/sign-in">Sign in instead</a></p>`,
  });
}

export function checkMailPage(context: RouteContext): Response {
  const isDeveloping = context.env.LEDGE_ENV === "development";
  return accountPage(context, {
    title: "Check your mail",
    lead: "If all is well with the address, a mail with a link is on its way.",
    content: html`${isDeveloping ? html`<p class="quiet">While developing, it is printed in the terminal of <code>npm run dev</code>.</p>` : null}
<p class="others"><a href="/sign-in">Sign in</a></p>`,
  });
}

/** The link of the mail. The password, so that nobody confirms what a stranger signed up for. */
export function verifyPage(context: RouteContext): Response {
  return accountPage(context, {
    title: "Confirm your address",
    lead: "With the password that you chose when you signed up.",
    notice: noticeOf(context, VERIFY_NOTICES),
    content: html`${form(context, "/verify/confirm", { next: "/sign-in?confirmed", button: "Confirm" }, [tokenField(context), password("current-password")])}
<p class="others"><a href="/sign-up">Sign up again</a> <a href="/forgot-password">Forgot your password?</a></p>`,
  });
}

export function forgotPage(context: RouteContext): Response {
  return accountPage(context, {
    title: "Forgot your password?",
    lead: "A mail with a link will let you choose another one.",
    notice: noticeOf(context),
    content: html`${form(context, "/password/forgot", { next: "/check-mail", button: "Send the mail" }, [EMAIL])}
<p class="others"><a href="/sign-in">Sign in</a></p>`,
  });
}

export function resetPage(context: RouteContext): Response {
  return accountPage(context, {
    title: "A new password",
    lead: "You will be signed out everywhere, and sign in with it.",
    notice: noticeOf(context),
    content: form(context, "/password/reset", { next: "/sign-in", button: "Set the password" }, [
      tokenField(context),
      password("new-password"),
    ]),
  });
}

const EMAIL = html`<label>Email address <input name="email" type="email" autocomplete="username" required maxlength="254"></label>`;

function password(use: "current-password" | "new-password"): Html {
  const hint = use === "new-password" ? html` <small>8 characters or more; a few words are best</small>` : null;
  const least = use === "new-password" ? 8 : 1;
  return html`<label><span>Password${hint}</span> <input name="password" type="password" autocomplete="${use}" required minlength="${least}" maxlength="128"></label>`;
}

function tokenField({ url }: RouteContext): Html {
  return html`<input type="hidden" name="token" value="${url.searchParams.get("token") ?? ""}">`;
}

function form(
  { url, basePath }: RouteContext,
  path: string,
  { next, sent, button }: { readonly next: string; readonly sent?: string; readonly button: string },
  fields: readonly Html[],
): Html {
  const page = new URL(url);
  page.searchParams.delete("problem");
  return html`<form method="post" action="${basePath}/auth${path}" data-smooth="go">
<input type="hidden" name="next" value="${next}">${sent === undefined ? null : html`<input type="hidden" name="sent" value="${sent}">`}<input type="hidden" name="page" value="${page.pathname + page.search}">
${fields}
<button>${button}</button>
</form>`;
}

/** Where the person wanted to go: a path of this site, which the page's script follows as it is; the endpoint checks it again. */
function nextOf({ url }: RouteContext): string {
  return localPath(url.searchParams.get("next"), HOME, url.origin);
}

function noticeOf({ url }: RouteContext, notices = NOTICES): string | null {
  const word = url.searchParams.get("problem");
  if (word === null) return null;
  return Object.hasOwn(notices, word) ? (notices[word] ?? null) : "That did not work. Try again.";
}
