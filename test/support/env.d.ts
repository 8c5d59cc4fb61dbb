/** Bindings of the Workers that tests run in, for `env` of "cloudflare:test". */
declare namespace Cloudflare {
  interface Env {
    /** test/support/wrangler.toml */
    readonly LEDGE_TABLES: DurableObjectNamespace;
    /** test/features/auth/wrangler.toml */
    readonly LEDGE_D1: D1Database;
    readonly D1_MIGRATIONS: string;
    readonly LEDGE_SECRET: string;
    /** test/support/bare-object.toml */
    readonly BARE: DurableObjectNamespace;
  }
}
