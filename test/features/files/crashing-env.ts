/**
 * An environment in which a Worker dies at a chosen moment: before the n-th thing that it asks of an object or of the bucket, or after that
 * has taken effect and before the Worker hears of it. From then on nothing it asks takes place. So every interval between two steps
 * of a request can be tried, without naming the steps.
 */

import { env } from "cloudflare:test";

export class Died extends Error {}

export interface Crash {
  readonly env: object;
  /** What was asked so far, in order: `call`, `put`, `get` … */
  readonly asked: string[];
  readonly hasDied: () => boolean;
}

/** `at` counts moments from 0: two for each thing asked, before and after. Null: never. */
export function crashingEnv(at: number | null): Crash {
  const asked: string[] = [];
  let isDead = false;
  const around = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    if (isDead) throw new Died();
    const moment = asked.length * 2;
    asked.push(name);
    if (at === moment) {
      isDead = true;
      throw new Died();
    }
    const done = await act();
    if (at === moment + 1 || isDead) {
      isDead = true;
      throw new Died();
    }
    return done;
  };
  const wrap = <T extends object>(target: T, prefix: string): T =>
    new Proxy(target, {
      get(_, name) {
        const member = target[name as keyof T] as unknown;
        if (typeof member !== "function" || typeof name !== "string") return member;
        const call = (...given: unknown[]) => (member as (...args: unknown[]) => unknown).apply(target, given);
        if (name === "getByName") return (...given: unknown[]) => wrap(call(...given) as object, "object ");
        if (name === "resumeMultipartUpload") return (...given: unknown[]) => wrap(call(...given) as object, "parts ");
        return (...given: unknown[]) =>
          around(`${prefix}${name}`, async () => {
            const made = await call(...given);
            return name === "createMultipartUpload" ? wrap(made as object, "parts ") : made;
          });
      },
    });
  const own = env as unknown as { readonly LEDGE_TABLES: object; readonly LEDGE_FILES: object };
  const stub = (namespace: object) =>
    new Proxy(namespace, {
      get: (_, name) => {
        if (name !== "getByName") return Reflect.get(namespace, name);
        return (object: string) => {
          const real = (namespace as DurableObjectNamespace).getByName(object) as unknown as {
            call(text: string): Promise<string>;
          };
          return { call: (text: string) => around("call", () => real.call(text)) };
        };
      },
    });
  return {
    env: { ...env, LEDGE_TABLES: stub(own.LEDGE_TABLES), LEDGE_FILES: wrap(own.LEDGE_FILES, "") },
    asked,
    hasDied: () => isDead,
  };
}
