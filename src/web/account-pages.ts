/** YOURS. The account pages and the board as one feature: a line in src/app.ts, beside `auth()`. They open with an old cookie, too. */

import type { Feature, RouteHandler, RouteOptions } from "ledge";
import { checkMailPage, forgotPage, resetPage, signInPage, signUpPage, verifyPage } from "./account-forms.ts";
import { board } from "./board.ts";

const PAGES: Readonly<Record<string, RouteHandler>> = {
  "/sign-in": signInPage,
  "/sign-up": signUpPage,
  "/check-mail": checkMailPage,
  "/verify-email": verifyPage,
  "/forgot-password": forgotPage,
  "/reset-password": resetPage,
  "/board": board,
};
const OPEN: RouteOptions = { credentials: "forgiven" };

export const accountPages: Feature = {
  name: "account-pages",
  routes: (route) => {
    for (const [path, page] of Object.entries(PAGES)) route("GET", path, page, OPEN);
  },
};
