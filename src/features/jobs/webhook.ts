/**
 * `webhook({ name, url, secret })`: a job that posts its input to an address outside, signed. As any job it is retried, kept as a row, and on the
 * dead list when nobody answers. Over https, to public addresses only, and no redirect is followed: whoever names the address may not make this
 * Worker call what only it can reach.
 */

import { isPublicAddress, isPublicHost } from "../../core/jobs/private-address.ts";
import type { Json } from "../../core/json.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import { type Job, job, type RetryOptions } from "./define-job.ts";
import { NoRetry, TryAgain } from "./job-context.ts";
import { webhookHeaders } from "./sign-webhook.ts";

export interface WebhookOptions<In> {
  readonly name: string;
  /** Where to; asked for each message. */
  readonly url: string | ((message: In, env: LedgeEnv) => string);
  /** `whsec_<base64>` of 24 bytes or more, from a secret of the Worker; several, separated by spaces, while one is exchanged. */
  readonly secret: (env: LedgeEnv) => string | undefined;
  /** Default: 8 attempts, from 5 seconds to an hour. */
  readonly retry?: RetryOptions;
  /** Default: 15 s. */
  readonly timeoutMs?: number;
  readonly concurrency?: number;
  /** For tests, and for Workers that resolve names otherwise. */
  readonly ports?: Partial<WebhookPorts>;
}

export interface WebhookPorts {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** All addresses of a name. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
}

const RETRY: RetryOptions = { maxAttempts: 8, initialMs: 5000, capMs: 3_600_000 };

export function webhook<In = Json>(options: WebhookOptions<In>): Job<In, { readonly status: number }> {
  const { name, url, secret, retry = RETRY, timeoutMs = 15_000, concurrency, ports = {} } = options;
  const { fetch: post, resolve } = {
    fetch: (to: string, init: RequestInit) => fetch(to, init),
    resolve: resolveName,
    ...ports,
  };
  return job<In, { readonly status: number }>({
    ...{ name, retry, timeoutMs },
    ...(concurrency === undefined ? {} : { concurrency }),
    async handler(message, { id, env, signal }) {
      const secrets = secret(env);
      if (secrets === undefined || secrets === "") throw new Error(`Webhook "${name}" has no secret`);
      const target = publicTarget(typeof url === "string" ? url : url(message, env));
      await requirePublicAddresses(target, resolve);
      const body = JSON.stringify(message);
      const headers = await webhookHeaders({ id, timestamp: Math.trunc(Date.now() / 1000), body }, secrets);
      const response = await post(target.href, { method: "POST", headers, body, signal, redirect: "manual" });
      // What the other side says is none of ours to keep.
      await response.body?.cancel();
      const { status } = response;
      if (status === 410) throw new NoRetry("The receiver answered 410: it is gone");
      if (status < 200 || status > 299) throw new TryAgain(`The receiver answered ${status}`);
      return { status };
    },
  });
}

function publicTarget(text: string): URL {
  const target = URL.canParse(text) ? new URL(text) : null;
  if (target?.protocol !== "https:") throw new NoRetry("A webhook needs an https address");
  if (target.username !== "" || target.password !== "") throw new NoRetry("The address of a webhook holds no password");
  if (!isPublicHost(target.hostname)) throw new NoRetry(`${target.hostname} is no public address`);
  return target;
}

/** A name may point anywhere; it may also point elsewhere when it is called, which a Worker cannot see. */
async function requirePublicAddresses({ hostname }: URL, resolve: WebhookPorts["resolve"]): Promise<void> {
  if (hostname.startsWith("[") || /^[0-9.]+$/.test(hostname)) return;
  const addresses = await resolve(hostname);
  if (addresses.length === 0) throw new TryAgain(`${hostname} has no address`);
  const inward = addresses.find((address) => !isPublicAddress(address));
  if (inward !== undefined) throw new NoRetry(`${hostname} points to ${inward}, which is no public address`);
}

const RESOLVER = "https://cloudflare-dns.com/dns-query";
/** A and AAAA in the records of the resolver's JSON form. */
const ADDRESS_TYPES = [1, 28];

async function resolveName(host: string): Promise<readonly string[]> {
  const answers = await Promise.all(
    ["A", "AAAA"].map(async (type) => {
      const query = new URLSearchParams({ name: host, type });
      const response = await fetch(`${RESOLVER}?${query}`, { headers: { accept: "application/dns-json" } });
      if (!response.ok) throw new Error(`The name server answered ${response.status}`);
      const { Answer = [] } = (await response.json()) as {
        readonly Answer?: readonly { readonly type: number; readonly data: string }[];
      };
      return Answer.filter((record) => ADDRESS_TYPES.includes(record.type)).map(({ data }) => data);
    }),
  );
  return answers.flat();
}
