/** What many file tables take, to be spread into `file` ([FS5] [FS6]): images as browsers show them, and documents. */

/** Up to 5 MB of JPEG, PNG, GIF or WebP, at most 8192 pixels a side. */
export const imageFiles = {
  maxBytes: 5_000_000,
  types: ["image/jpeg", "image/png", "image/gif", "image/webp"],
  images: { maxWidth: 8192, maxHeight: 8192 },
} as const;

/** Up to 10 MB of PDF or Word. */
export const documentFiles = {
  maxBytes: 10_000_000,
  types: [
    "application/pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  ],
} as const;
