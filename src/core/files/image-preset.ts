/**
 * Presets of images ([FS5]): sizes that a table offers of its images, by name. A fixed list, so that nobody has the server make a thousand
 * versions of one file; what each comes to is a part of the tag that it is cached by.
 */

export interface ImagePreset {
  /** In pixels; at least one of both. */
  readonly width?: number;
  readonly height?: number;
  /** How it is fitted into them. Default: `scale-down`, which keeps the proportions and enlarges nothing. */
  readonly fit?: "scale-down" | "contain" | "cover" | "crop" | "pad";
  /** Default: `webp`. */
  readonly format?: "webp" | "avif" | "jpeg" | "png";
  /** 1–100. Default: 80. */
  readonly quality?: number;
}

/** Types that are resized: what the Images binding reads, and file tables know by their signatures. */
const RESIZED = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
/** The largest side of a preset. */
const MAX_SIDE = 4096;

export type FullPreset = Required<Omit<ImagePreset, "width" | "height">> & Pick<ImagePreset, "width" | "height">;

export function fullPreset({
  width,
  height,
  fit = "scale-down",
  format = "webp",
  quality = 80,
}: ImagePreset): FullPreset {
  return {
    fit,
    format,
    quality,
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
  };
}

/** What is wrong with a preset as it was declared; null when nothing is. */
export function presetProblem(name: string, { width, height, quality }: ImagePreset): string | null {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) return `preset "${name}" is not named like "thumb"`;
  if (width === undefined && height === undefined) return `preset "${name}" has neither width nor height`;
  const isSide = (side = 1) => Number.isInteger(side) && side >= 1 && side <= MAX_SIDE;
  if (!isSide(width) || !isSide(height))
    return `preset "${name}" has a side that is no number of pixels up to ${MAX_SIDE}`;
  const isQuality = quality === undefined || (Number.isInteger(quality) && quality >= 1 && quality <= 100);
  return isQuality ? null : `preset "${name}" has quality ${quality}`;
}

export function isResized(type: string): boolean {
  return RESIZED.has(type);
}

/** Tag of an image made of bytes with this tag: another one when the preset is declared otherwise. */
export function presetTag(tag: string, { width = 0, height = 0, fit, format, quality }: FullPreset): string {
  return `${tag};${width}x${height}-${fit}-${quality}.${format}`;
}
