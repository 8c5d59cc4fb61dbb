/** What `npm run bench:files` measures: Ledge with one file table, and beside it, under `/bare/`, a Worker that does nothing but put and get. */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, fullyPublic } from "ledge";
import { fileColumns, fileIndexes, fileResource, files } from "ledge/files";
import { tableObject } from "../../durable-objects/table/table-object.ts";

const blobs = fileResource(
  sqliteTable("blobs", { id: text("id").primaryKey(), ...fileColumns() }, fileIndexes("blobs")),
  { ...fullyPublic(), file: { maxBytes: 4_000_000_000 } },
);
const app = defineApp({ name: "bench", resources: [blobs], features: [files()], observability: { logLevel: "error" } });

const SQL =
  "CREATE TABLE blobs (id text PRIMARY KEY NOT NULL, file_name text NOT NULL, file_type text NOT NULL, file_size integer NOT NULL, file_status text DEFAULT 'pending' NOT NULL, file_hash text, file_stored_at integer, file_blob_key text, file_upload_key text, file_upload text, _version integer DEFAULT 0 NOT NULL);\n--> statement-breakpoint\nCREATE INDEX blobs_by_file_hash ON blobs (file_hash);\n--> statement-breakpoint\nCREATE INDEX blobs_by_blob_key ON blobs (file_blob_key);\n--> statement-breakpoint\nCREATE INDEX blobs_by_upload_key ON blobs (file_upload_key)";

export const TableObject = tableObject(app, { blobs: [{ tag: "0000_blobs", sql: SQL }] });

export default {
  async fetch(request: Request, env: { readonly LEDGE_FILES: R2Bucket }, context: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/bare/")) return app.fetch(request, env as never, context);
    if (request.method === "PUT") {
      await env.LEDGE_FILES.put(pathname, request.body);
      return new Response("");
    }
    const found = await env.LEDGE_FILES.get(pathname);
    return new Response(found?.body ?? null);
  },
};
