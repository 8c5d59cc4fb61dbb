import { expect, test } from "vitest";
import { imageProblem } from "../../../src/core/files/file-rules.ts";
import { fullPreset, presetProblem, presetTag } from "../../../src/core/files/image-preset.ts";
import { imageSize } from "../../../src/core/files/image-size.ts";

/** All of them 64 × 32. */
const IMAGES = {
  png: "iVBORw0KGgoAAAANSUhEUgAAAEAAAAAgCAIAAAAt/+nTAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAA",
  gif: "R0lGODlhQAAgAIAAAExpccgeHiH5BAUAAAAALAAAAABAACAAAAItjI+py+0Po5y02ouz3rz7D4biSJbmiabq",
  lossy: "UklGRkQAAABXRUJQVlA4IDgAAABQAwCdASpAACAAP83m7nE/uDIrpAgD8DmJZwDKPA3FdJFMAAD+0Mo=",
  lossless: "UklGRiQAAABXRUJQVlA4TBcAAAAvP8AHAAdQjyLXo/8BICH8P69G9D/1AQA=",
  extended: "UklGRm4AAABXRUJQVlA4WAoAAAAQAAAAPwAAHwAAQUxQSBAAAAABB1DAiAgACeH/eTWi/6kPVlA4IDgAAABQ",
  jpeg: "/9j/2wBDAP//////////////////////////////////////////////////////////////////////////////////////2wBDAf//////////////////////////////////////////////////////////////////////////////////////wAARCAAgAEADASIAAhEBAxEB",
};
const bytesOf = (base64: string) => Uint8Array.from(Buffer.from(base64, "base64"));

test("[FS5] width and height are read from the first bytes of every format", () => {
  for (const [format, text] of Object.entries(IMAGES))
    expect(imageSize(bytesOf(text)), format).toEqual({ width: 64, height: 32 });
});

test("[FS5] a JPEG tells its size behind what cameras write before it", () => {
  const [jpeg, camera] = [bytesOf(IMAGES.jpeg), new Uint8Array(60_000)];
  const marked = Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, 0xea, 0x62, ...camera, 0xff, ...jpeg.slice(2)]);
  expect(imageSize(marked)).toEqual({ width: 64, height: 32 });
});

test("[FS5] bytes that break off, or are none of these, have no size", () => {
  for (const text of Object.values(IMAGES)) {
    const whole = bytesOf(text);
    for (let length = 0; length < 10; length++) expect(imageSize(whole.subarray(0, length))).toBeNull();
  }
  const none = ["", "hello", "RIFF\0\0\0\0WAVE", "\xff\xd8\xff\xda\0\0\0\0\0\0\0\0", "\xff\xd8hello, no marker"];
  for (const text of none) expect(imageSize(Uint8Array.from(text, (c) => c.charCodeAt(0)))).toBeNull();
  // A segment without end leads nowhere, and not round in circles.
  expect(imageSize(Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0]))).toBeNull();
});

test("[FS5] an image that is too large, or does not tell, is refused with the limit", () => {
  const rules = { maxBytes: 1, types: [], blockedTypes: [], expiresMs: 1, requestMs: 1, imageSides: { width: 64 } };
  expect(imageProblem(rules, { width: 64, height: 9999 })).toBeNull();
  expect(imageProblem(rules, { width: 65, height: 1 })).toBe("is 65 × 1 pixels, limit is 64 × any height");
  expect(imageProblem(rules, null)).toContain("tells no width");
});

test("[FS5] presets are checked, and their tags change with what they ask for", () => {
  expect(presetProblem("thumb", { width: 200 })).toBeNull();
  const wrong: [string, object][] = [
    ["Thumb", { width: 1 }],
    ["thumb", {}],
    ["thumb", { width: 0 }],
    ["thumb", { height: 4097 }],
    ["thumb", { width: 1, quality: 101 }],
  ];
  for (const [name, preset] of wrong) expect(presetProblem(name, preset), JSON.stringify(preset)).not.toBeNull();
  const tags = [{ width: 200 }, { height: 200 }, { width: 200, fit: "cover" }, { width: 200, quality: 79 }] as const;
  expect(new Set(tags.map((preset) => presetTag("sha256:1", fullPreset(preset)))).size).toBe(4);
  expect(presetTag("sha256:1", fullPreset({ width: 200 }))).toBe("sha256:1;200x0-scale-down-80.webp");
});
