/**
 * Writes each snippet of TypeScript in README.md and docs/ as a module in `test/.snippets`, which `npm run typecheck` then compiles with the board's
 * page, whose client the hooks are typed by. A line keeps its number: an error in `docs-react.md-20.tsx(25,3)` is in line 25 of docs/react.md.
 * What cannot stand alone (members of an object, something left out) says so: ```` ```ts fragment ````. Run by `npm run typecheck`.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const OUT = join(ROOT, "test/.snippets");

/** Where snippets import from by a path that only a fork, or a front end elsewhere, has. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/"\.\/(app\.ts|features\/[^"]+)"/g, '"../../src/$1"'],
  [/"\.\/movies\.ts"/g, '"./README.md-30.ts"'],
  [/"\.\/books\.ts"/g, '"./docs-tables.md-5.ts"'],
];

/** The hooks are registered for the board, once a program. */
const REGISTRATION = /^declare module "ledge\/client\/react" \{[\s\S]*?^\}/m;

/** What snippets speak of and do not say: the client of the page before, a row, an id. */
const SCOPE = `
declare const app: typeof import("../../src/app.ts").app;
declare const client: import("../../src/web/client/board/board-client.ts").BoardClient & { readonly auth: import("ledge/client/auth").AuthClient };
declare const task: import("ledge/client/react").RowOf<"tasks">;
declare const post: { readonly id: string };
declare const like: (what: { readonly id: string }) => Promise<void>;
declare const id: string, key: string, me: string, url: string, email: string, password: string, token: string;
declare const taskId: string, projectId: string, customerId: string, accountId: string, userId: string;
declare const file: File;
declare const bar: HTMLProgressElement, undo: HTMLButtonElement, root: HTMLElement;
declare const render: (shown: unknown) => void;
declare const showProgress: (percent: number) => void;
declare const count: number;
declare const setCount: (next: number | ((now: number) => number)) => void;
declare const AsyncStorage: import("ledge/client/auth").SessionStorageLike;
declare const App: () => null;
declare const More: (props: { readonly onSeen: () => unknown }) => import("react").ReactElement;
declare const page: (client: object) => import("react").ReactElement;
declare const context: import("ledge").RequestContext;
declare const env: { readonly LEDGE_D1: D1Database };
declare const tables: {};
`;

/** Names that a page introduces once and uses in later snippets. */
const EXPORTED: Readonly<Record<string, readonly string[]>> = {
  ledge: ["defineApp", "resource", "ownerOnly"],
  "ledge/query": ["rsql"],
  "ledge/client": ["createClient", "createQuery", "fetchPaginated", "safe"],
  "ledge/client/files": ["createUploads"],
  "ledge/client/live": ["withLive"],
  "ledge/client/store": ["withStore"],
  "ledge/client/react": ["LedgeProvider", "useLedge"],
  react: ["useCallback", "useEffect", "useRef", "useState"],
  "react-dom/client": ["createRoot"],
  "react-dom/server": ["renderToString"],
};

interface Snippet {
  readonly page: string;
  /** Of its first line of code. */
  readonly line: number;
  readonly kind: string;
  readonly code: string;
}

function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^```(tsx?)\n([\s\S]*?)^```/gm)].map(({ 1: kind = "", 2: code = "", index }) => ({
    page,
    line: text.slice(0, index).split("\n").length,
    kind,
    code,
  }));
}

function moduleOf({ line, code }: Snippet): string {
  const placed = PLACES.reduce((text, [from, to]) => text.replace(from, to), code);
  const whole = placed.replace(REGISTRATION, (block) => block.replace(/[^\n]/g, ""));
  return `/// <reference path="./scope.d.ts" />${"\n".repeat(line)}${whole}export {};\n`;
}

const pages = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const snippets = pages.flatMap(snippetsOf);
const declared = Object.entries(EXPORTED).flatMap(([from, names]) =>
  names.map((name) => `declare const ${name}: typeof import("${from}").${name};`),
);
rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
writeFileSync(join(OUT, "scope.d.ts"), SCOPE + declared.join("\n"));
writeFileSync(
  join(OUT, "ledge-types.ts"),
  'import type { app } from "../../src/app.ts";\nexport type Tables = typeof app;\n',
);
for (const snippet of snippets)
  writeFileSync(join(OUT, `${snippet.page.replaceAll("/", "-")}-${snippet.line}.${snippet.kind}`), moduleOf(snippet));
console.log(`${snippets.length} snippets of the documentation`);
