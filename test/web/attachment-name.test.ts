import { expect, test } from "vitest";
import { attachmentName } from "../../src/web/client/board/attachment-name.ts";

test("[FS16] a file gets a name that a path takes, and that is free", () => {
  const name = (given: string, ...taken: string[]) => attachmentName(given, new Set(taken));
  expect(name("photo.png")).toBe("photo.png");
  expect(name("Größe 1 (Kopie).png")).toBe("Gro-e-1-Kopie.png");
  expect(name("../../etc/passwd")).toBe("etc-passwd");
  expect(name(".env")).toBe("env");
  expect(name("写真")).toBe("file");
  expect(name("image.png", "image.png", "image-2.png")).toBe("image-3.png");
  expect(name(`${"x".repeat(300)}.png`)).toHaveLength(104);
  for (const each of ["a", "b c.txt", "…", `${"x".repeat(300)}.${"y".repeat(300)}`])
    expect(name(each)).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
});
