/**
 * An image in the size of a preset, made by the Images binding (`LEDGE_IMAGES`) out of the bytes as they come from the bucket. Without the
 * binding, and for what cannot be resized, the answer says so; the bytes themselves are there without a preset.
 */

import { Fault } from "../../core/fault.ts";
import type { FullPreset } from "../../core/files/image-preset.ts";
import { errorFields, type Logger } from "../../core/log.ts";

interface ImagesEnv {
  readonly LEDGE_IMAGES?: ImagesBinding;
}

/** Codes of the binding that are about the image: too large, no image, a format that it does not read (its page on errors, read November 2026). */
const UNREADABLE = /\b(?:9402|9412|9413|9520|9523)\b/;

export async function resizeImage(
  { env, log }: { readonly env: unknown; readonly log: Logger },
  body: ReadableStream<Uint8Array>,
  { format, quality, ...transform }: FullPreset,
): Promise<ReadableStream<Uint8Array>> {
  const images = imagesOf(env, log);
  try {
    const made = await images
      .input(body)
      .transform(transform)
      .output({ format: `image/${format}`, quality });
    return made.image();
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (UNREADABLE.test(`${code} ${error instanceof Error ? error.message : ""}`))
      throw new Fault({
        slug: "unsupported-media-type",
        supported: [],
        detail: "The bytes cannot be read as an image",
      });
    log.error("an image could not be resized", errorFields(error));
    throw new Fault({ slug: "unavailable", retryAfter: 5, detail: "The image could not be resized" });
  }
}

/** Throws where images are not resized, before any byte is asked for. */
export function imagesOf(env: unknown, log: Logger): ImagesBinding {
  const images = (env as ImagesEnv).LEDGE_IMAGES;
  if (images !== undefined) return images;
  log.error("presets of images have no binding", { mend: "bind Images as LEDGE_IMAGES in wrangler.toml" });
  throw new Fault({ slug: "unavailable", retryAfter: 60, detail: "Images are not resized here" });
}
