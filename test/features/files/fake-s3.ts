/**
 * A small S3 over HTTP, for the tests of `s3Storage`: one bucket in memory, path style. As strict as S3 where it matters: every request has to be
 * signed (version 4, computed anew here), a body has to say its length, and the parts of an upload are named by their tags.
 */

import { createHash, createHmac, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";

const S3_KEYS = {
  LEDGE_S3_BUCKET: "fake",
  LEDGE_S3_KEY_ID: "AKIDEXAMPLE",
  LEDGE_S3_SECRET: "a secret of tests",
  LEDGE_S3_REGION: "eu-test-1",
};

declare module "vitest" {
  export interface ProvidedContext {
    /** The environment that leads to it. */
    s3: typeof S3_KEYS & { readonly LEDGE_S3_ENDPOINT: string };
  }
}

interface Upload {
  readonly key: string;
  readonly parts: Map<number, Buffer>;
}

class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** Runs beside the tests, as Vitest's global setup. */
export async function setup({ provide }: TestProject): Promise<() => void> {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Upload>();
  const server = createServer((request, response) => {
    answer(request, response, { objects, uploads }).catch((error: unknown) => {
      const { status, code } = error instanceof Refused ? error : { status: 500, code: String(error) };
      response.writeHead(status).end(request.method === "HEAD" ? "" : `<Error><Code>${code}</Code></Error>`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  provide("s3", { ...S3_KEYS, LEDGE_S3_ENDPOINT: `http://127.0.0.1:${port}` });
  return () => void server.close();
}

const tagOf = (bytes: Buffer) => `"${createHash("md5").update(bytes).digest("hex")}"`;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { objects, uploads }: { readonly objects: Map<string, Buffer>; readonly uploads: Map<string, Upload> },
): Promise<void> {
  const url = new URL(request.url ?? "", "http://s3");
  checkSignature(request, url);
  const [, bucket, ...rest] = url.pathname.split("/");
  if (bucket !== S3_KEYS.LEDGE_S3_BUCKET) throw new Refused(404, "NoSuchBucket");
  const key = decodeURIComponent(rest.join("/"));
  const query = url.searchParams;
  const upload = () => {
    const found = uploads.get(query.get("uploadId") ?? "");
    if (found?.key !== key) throw new Refused(404, "NoSuchUpload");
    return found;
  };
  const body = await bodyOf(request);
  switch (request.method) {
    case "PUT": {
      if (!query.has("uploadId")) objects.set(key, body);
      else upload().parts.set(Number(query.get("partNumber")), body);
      response.writeHead(200, { etag: tagOf(body) }).end();
      return;
    }
    case "POST": {
      if (query.has("uploads")) {
        const id = `${randomUUID()}&more`;
        uploads.set(id, { key, parts: new Map() });
        response.end(`<R><UploadId>${id.replace("&", "&amp;")}</UploadId></R>`);
        return;
      }
      const { parts } = upload();
      const listed = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>&quot;(\w+)&quot;<\/ETag>/g)];
      const found = listed.map(([, number, tag]) => {
        const part = parts.get(Number(number));
        return part !== undefined && tagOf(part) === `"${tag}"` ? part : null;
      });
      // The answer has begun by the time that S3 looks at them.
      if (found.includes(null)) response.end("<Error><Code>InvalidPart</Code></Error>");
      else {
        objects.set(key, Buffer.concat(found as Buffer[]));
        uploads.delete(query.get("uploadId") ?? "");
        response.end("<R><ETag>x</ETag></R>");
      }
      return;
    }
    case "DELETE": {
      if (!query.has("uploadId")) objects.delete(key);
      else if (upload()) uploads.delete(query.get("uploadId") ?? "");
      response.writeHead(204).end();
      return;
    }
    default: {
      if (key === "") return list(objects, query, response);
      const bytes = objects.get(key);
      if (bytes === undefined) throw new Refused(404, "NoSuchKey");
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
      const sent = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1);
      response.writeHead(from === undefined ? 200 : 206, { "content-length": sent.length, etag: tagOf(bytes) });
      response.end(request.method === "HEAD" ? undefined : sent);
    }
  }
}

function list(objects: ReadonlyMap<string, Buffer>, query: URLSearchParams, response: ServerResponse): void {
  const [prefix, after] = [query.get("prefix") ?? "", query.get("continuation-token") ?? ""];
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, Number(query.get("max-keys")));
  const entries = page.map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key></Contents>`).join("");
  const more = keys.length > page.length ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
  response.end(`<R><IsTruncated>${keys.length > page.length}</IsTruncated>${more}${entries}</R>`);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const isSent = request.method === "PUT" || request.method === "POST";
  if (isSent && request.headers["content-length"] === undefined) throw new Refused(411, "MissingContentLength");
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Signature version 4, by its specification. */
function checkSignature({ method = "", headers }: IncomingMessage, url: URL): void {
  const given = headers.authorization ?? "";
  const [, day = "", region = "", names = "", signature] =
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/(\d{8})\/([\w-]+)\/s3\/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w+)$/.exec(
      given,
    ) ?? [];
  const hmac = (key: string | Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const signed = names.split(";").map((name) => `${name}:${headers[name]}\n`);
  const payload = String(headers["x-amz-content-sha256"]);
  const canonical = [method, url.pathname, query.join("&"), signed.join(""), names, payload].join("\n");
  const digest = createHash("sha256").update(canonical).digest("hex");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], `${day}/${region}/s3/aws4_request`, digest].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<string | Uint8Array>(hmac, `AWS4${S3_KEYS.LEDGE_S3_SECRET}`);
  const isGood = region === S3_KEYS.LEDGE_S3_REGION && hmac(key, text).toString("hex") === signature;
  if (!isGood) throw new Refused(403, "SignatureDoesNotMatch");
}
