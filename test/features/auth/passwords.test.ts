import { describe, expect, it } from "vitest";
import { hashPassword, needsRehash, validatePassword, verifyPassword } from "../../../src/features/auth/auth.ts";
import { Browser, newEmail, PASSWORD, query, signedUp } from "./browser.ts";

describe("passwords", () => {
  it("[A17] a hash says how it was made, verifies its password alone, and is never made twice", async () => {
    const hash = await hashPassword(PASSWORD);
    expect(hash).toMatch(/^scrypt\$16384\$8\$5\$[\w-]{22}\$[\w-]{43}$/);
    expect(await hashPassword(PASSWORD)).not.toBe(hash);
    expect(await verifyPassword(PASSWORD, hash)).toBe(true);
    expect(await verifyPassword(`${PASSWORD} `, hash)).toBe(false);
    expect([needsRehash(hash), needsRehash("scrypt$1024$8$1$c2FsdHNhbHRzYWx0$aGFzaA")]).toEqual([false, true]);
  });

  it("[A17] the test vector of RFC 7914 comes out", async () => {
    // scrypt("pleaseletmein", "SodiumChloride", N = 16384, r = 8, p = 1): the 64 bytes of section 12.
    const bytes =
      "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887";
    const hash = Buffer.from(bytes, "hex").toString("base64url");
    const salt = Buffer.from("SodiumChloride").toString("base64url");
    expect(await verifyPassword("pleaseletmein", `scrypt$16384$8$1$${salt}$${hash}`)).toBe(true);
  });

  it("[A17] what is no hash, or asks for too much, verifies nothing", async () => {
    const salt = "c2FsdHNhbHRzYWx0";
    const rest = `${salt}$${"A".repeat(43)}`;
    for (const stored of [
      "",
      PASSWORD,
      "scrypt$",
      `scrypt$9999999$8$1$${rest}`,
      `scrypt$4194304$32$1$${rest}`,
      `scrypt$1000$8$1$${rest}`,
      `scrypt$0$8$1$${rest}`,
    ]) {
      expect([stored, await verifyPassword(PASSWORD, stored)]).toEqual([stored, false]);
    }
  });

  it("[A17] one made at another cost is made anew at the next sign-in", async () => {
    const { email } = await signedUp();
    const cheap = await import("node:crypto").then(({ scryptSync }) => {
      const hash = scryptSync(PASSWORD, Buffer.from("c2FsdHNhbHRzYWx0", "base64url"), 32, { N: 1024, r: 8, p: 1 });
      return `scrypt$1024$8$1$c2FsdHNhbHRzYWx0$${hash.toString("base64url")}`;
    });
    const of = "user_id = (SELECT id FROM auth_users WHERE email = ?)";
    await query(`UPDATE auth_accounts SET password = ? WHERE ${of}`, cheap, email);
    const login = () => new Browser().send("POST /api/auth/login", { body: { email, password: PASSWORD } });
    expect((await login()).status).toBe(200);
    await expect
      .poll(async () => String((await query(`SELECT password FROM auth_accounts WHERE ${of}`, email))[0]?.password), {
        timeout: 10_000,
      })
      .toMatch(/^scrypt\$16384\$8\$5\$/);
    expect((await login()).status).toBe(200);
  });

  it("[A18] length, kinds of characters, common ones, the address itself", () => {
    const codes = (password: string, policy = {}, email = "alice@example.com") =>
      validatePassword(password, policy, { email }).map(({ code }) => code);
    expect(codes("seven77")).toEqual(["too-short"]);
    expect(codes("😀".repeat(7))).toEqual(["too-short"]);
    expect(codes("x".repeat(129))).toEqual(["too-long"]);
    expect(codes("PassWord123")).toEqual(["common"]);
    expect(codes("Alice@Example.com")).toEqual(["email"]);
    expect(codes("lowercase only", { classes: 3 })).toEqual(["too-simple"]);
    expect(codes("Lower and 1", { classes: 3 })).toEqual([]);
    expect(codes("Our-Company", { denylist: ["our-company"] })).toEqual(["common"]);
    expect(codes("correct horse battery")).toEqual([]);
  });

  it("[A18] sign-up refuses such a password by field, and never quotes it", async () => {
    for (const password of ["brief 7", "password123"]) {
      const reply = await new Browser().send("POST /api/auth/signup", { body: { email: newEmail(), password } });
      expect([reply.status, reply.body.code, reply.body.errors[0].field]).toEqual([
        400,
        "VALIDATION_ERROR",
        "password",
      ]);
      expect(reply.text).not.toContain(password);
    }
  });

  it("[A1] bodies that are none are told by field, in the forms of the API", async () => {
    const send = async (body: unknown) => (await new Browser().send("POST /api/auth/signup", { body })).body;
    expect((await send([])).errors[0]).toMatchObject({ field: "" });
    expect((await send({ password: PASSWORD })).errors[0]).toMatchObject({ field: "email", code: "required" });
    expect((await send({ email: "no address", password: PASSWORD })).errors[0]).toMatchObject({ field: "email" });
    for (const email of [
      "jürgen@example.com",
      "a..b@example.com",
      ".a@example.com",
      "a@localhost",
      "a@@example.com",
      "a b@example.com",
      // Looks like ascii, is not.
      "\u0430lice@example.com",
    ]) {
      const { errors } = await send({ email, password: PASSWORD });
      expect([email, errors?.[0].code]).toEqual([email, "email"]);
    }
    const long = `a@${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.${"e".repeat(60)}.${"f".repeat(20)}.com`;
    expect((await send({ email: long, password: PASSWORD })).errors[0]).toMatchObject({
      field: "email",
      code: "too-long",
    });
    expect((await send({ email: newEmail(), password: 12345678 })).errors[0]).toMatchObject({ field: "password" });
    expect((await send({ email: newEmail(), password: PASSWORD, data: "x" })).errors[0]).toMatchObject({
      field: "data",
    });
    expect((await send({ email: newEmail(), password: PASSWORD, session: "x" })).errors[0]).toMatchObject({
      field: "session",
    });
    expect((await new Browser().send("GET /api/auth/login")).status).toBe(405);
    expect((await new Browser().send("POST /api/auth/nothing")).status).toBe(404);
  });
});
