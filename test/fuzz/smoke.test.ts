/** tmp */
import { env, SELF } from "cloudflare:test";
import { expect, it } from "vitest";
import { app, logged } from "./fuzz-app.ts";
it("works", async () => {
  const r = await SELF.fetch("http://localhost/api/kinds", {method:"POST", headers:{"content-type":"application/json"}, body:'{"title":"x"}'});
  console.log(r.status, await r.text(), process.env.RUNS, logged.length, [...r.headers].join("|"));
  for (const m of ["PURGE","TRACE","CONNECT","PROPFIND","QUERY","constructor","get","FOO"]) { try { const q = await SELF.fetch("http://localhost/api/kinds",{method:m}); console.log(m, q.status, await q.text()); } catch (e) { console.log(m, String(e)); } }
  for (const o of [["x","a\u0001b"],["x","é"],["x","語"],["x","a\r\nb"],["x"," a "]]) { try { const h = new Headers([o as never]); console.log(JSON.stringify(h.get("x"))); } catch (e) { console.log(String(e)); } }
  const q = await app.fetch(new Request("http://localhost/api/broken"), env as never); console.log(q.status, await q.text());
  console.log(JSON.stringify(logged.at(-1)), logged.length);
});
