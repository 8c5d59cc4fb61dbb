/** Signing up in a browser, as a person does: the mail's link is read where `npm run dev` shows it. */

import type { Page } from "playwright-core";
import { vi } from "vitest";
import type { Running } from "./shell.ts";

export const PASSWORD = "correct horse battery";

/** The link of the last mail to that address, as the terminal shows it. */
export async function mailedLink(dev: Running, email: string, subject: string): Promise<string> {
  const pattern = new RegExp(`mail to ${email}: ${subject}[\\s\\S]*?(http\\S+)`, "g");
  return vi.waitUntil(() => [...dev.output().matchAll(pattern)].at(-1)?.[1], { timeout: 30_000 });
}

export async function fill(page: Page, email: string | null, password: string | null): Promise<void> {
  if (email !== null) await page.fill("[name=email]", email);
  if (password !== null) await page.fill("[name=password]", password);
  await page.click("form button");
}

/** Signs up, follows the mail's link, signs in, and is at the board. */
export async function arrive(
  page: Page,
  { base, dev, email }: { base: string; dev: Running; email: string },
): Promise<void> {
  await page.goto(`${base}/sign-up`);
  await fill(page, email, PASSWORD);
  await page.waitForURL("**/check-mail");
  await page.goto(await mailedLink(dev, email, "Confirm"));
  await fill(page, null, PASSWORD);
  await page.waitForURL("**/sign-in?confirmed");
  await fill(page, email, PASSWORD);
  await page.waitForURL("**/board");
}
