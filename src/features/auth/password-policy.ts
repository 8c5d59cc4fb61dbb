/** Which passwords are taken ([A18]): length before everything else, and none that everybody tries first. Pure. */

import type { FieldError } from "../../core/fault.ts";

export interface PasswordPolicy {
  /** Characters. Default: 8. */
  readonly minLength: number;
  /** Default: 128. */
  readonly maxLength: number;
  /** Of lower-case and upper-case letters, digits and others: how many kinds must occur. Default: 1. */
  readonly classes: number;
  /** Passwords that are refused, in any case; beside the most common ones, which always are. */
  readonly denylist: readonly string[];
}

export const DEFAULT_POLICY: PasswordPolicy = { minLength: 8, maxLength: 128, classes: 1, denylist: [] };

/** The head of every published list of leaked passwords, as far as it is 8 characters or more. */
const COMMON = new Set(
  (
    "password password1 password12 password123 password1234 password! passw0rd p@ssw0rd p@ssword pass1234 passwort " +
    "12345678 123456789 1234567890 0123456789 12341234 11111111 00000000 88888888 66666666 87654321 987654321 " +
    "147258369 123123123 123321123 112233445566 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qazxsw2 qwertyui qwertyuiop qwerty123 " +
    "qwerty12345 asdfghjk asdfghjkl zxcvbnm123 abcd1234 abc12345 a1b2c3d4 aa123456 aa12345678 iloveyou iloveyou1 " +
    "sunshine princess football baseball basketball superman starwars trustno1 whatever computer michelle jennifer " +
    "letmein1 letmein123 welcome1 welcome123 admin123 admin1234 administrator changeme changeme123 default123 " +
    "master123 monkey123 dragon123 shadow123 internet samsung1 charlie1 corvette mustang1 secret123 test1234 testtest"
  ).split(" "),
);
const KINDS = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{L}\p{Nd}]/u];

/** What is wrong with a password, as errors of `field`; none when it will do. Lengths count code points. */
export function validatePassword(
  password: string,
  policy: Partial<PasswordPolicy> = {},
  about: { readonly email?: string; readonly field?: string } = {},
): FieldError[] {
  const { minLength, maxLength, classes, denylist } = { ...DEFAULT_POLICY, ...policy };
  const { email = "", field = "password" } = about;
  const length = [...password].length;
  const refused = (message: string, code: string) => [{ field, message, code }];
  if (length < minLength) return refused(`has ${length} characters, at least ${minLength} are needed`, "too-short");
  if (length > maxLength) return refused(`has ${length} characters, limit is ${maxLength}`, "too-long");
  const kinds = KINDS.filter((kind) => kind.test(password)).length;
  if (kinds < classes)
    return refused(`needs ${classes} of: small letters, capitals, digits, other characters`, "too-simple");
  const folded = password.toLowerCase();
  const [mailbox = ""] = email.toLowerCase().split("@");
  if (COMMON.has(folded) || denylist.some((word) => word.toLowerCase() === folded))
    return refused("is one that many people use", "common");
  if (email !== "" && (folded === email.toLowerCase() || folded === mailbox))
    return refused("is the email address", "email");
  return [];
}
