/**
 * YOURS. What a page without a network is made of, and when it is given: the network comes first, and its reply is never kept waiting for a disk.
 * A network that fails, answers with an error of a server, or is silent for too long gives way to what is kept; a page that was kept has its files
 * from there, too. Carried out by `pages-worker.ts`, to which caches, network and clock belong.
 */

/** How long a network may be silent before what is kept is given. A slow one that answers later is heard all the same, for the next time. */
export const SILENT_MS = 4000;

/** Whatever a page needs beside itself, as its text names it: `href="/build/board.css"`. */
const NAMED = /(?:src|href)="(\/build\/[^"]+|\/ledge\.svg)"/g;

/** A `Cache` of the browser. */
export interface Kept {
  match(request: Request | string, options: { readonly ignoreVary: boolean }): Promise<Response | undefined>;
  put(request: Request | string, reply: Response): Promise<void>;
}

export interface PagesPort {
  open(): Promise<Kept>;
  fetch(request: Request | string): Promise<Response>;
  wait(ms: number): Promise<void>;
}

export interface Answered {
  readonly reply: Promise<Response>;
  /** Ends when nothing is left to do. Never fails. */
  readonly behind: Promise<void>;
}

export interface KeptPages {
  answer(request: Request, what: "page" | "file"): Answered;
  /** Keeps these pages and what they name, as far as there are a network and room. */
  keep(pages: Iterable<string>): Promise<void>;
}

export function keptPages(port: PagesPort): KeptPages {
  /** Whether the page that was asked for last came from what is kept: its files are of the same build, and no network is waited for again. */
  let isKeptShown = false;

  const answer: KeptPages["answer"] = (request, what) => {
    // Opened before anything is asked: what arrives after somebody has signed out goes where nobody finds it.
    const kept = port.open();
    const network = port.fetch(request);
    // A copy is taken before anybody reads the reply.
    const copy = network.then((reply) => (isWhole(reply) ? reply.clone() : null));
    return { reply: choose(request, what, network, kept), behind: store(request, copy, kept) };
  };

  async function choose(
    request: Request,
    what: "page" | "file",
    network: Promise<Response>,
    opened: Promise<Kept>,
  ): Promise<Response> {
    if (what === "page") isKeptShown = false;
    if (!isKeptShown) {
      const heard = await Promise.race([network.catch(() => null), port.wait(SILENT_MS)]);
      if (heard instanceof Response && heard.status < 500) return heard;
    }
    const found = await opened.then((kept) => kept.match(request, { ignoreVary: true })).catch(() => undefined);
    if (what === "page") isKeptShown = found !== undefined;
    // Nothing is kept: the error, the server's own or the network's, or whatever arrives in the end.
    return found ?? network;
  }

  const whole = async (address: string) => {
    const reply = await port.fetch(address);
    return isWhole(reply) ? reply : Promise.reject(reply);
  };

  return {
    answer,
    keep: async (pages) => {
      const kept = await port.open().catch(() => null);
      if (kept === null) return;
      const keepOne = async (page: string) => {
        const reply = await whole(page);
        const files = [...(await reply.clone().text()).matchAll(NAMED)].map(([, file]) => file as string);
        await Promise.all([...new Set(files)].map(async (file) => kept.put(file, await whole(file))));
        // At last: a page without its script shows nothing.
        await kept.put(page, reply);
      };
      await Promise.allSettled([...new Set(pages)].map(keepOne));
    },
  };
}

/** A redirect to the sign-in page is no page of the board. */
function isWhole(reply: Response): boolean {
  return reply.ok && !reply.redirected;
}

/** A disk that is full costs nothing but this copy. */
async function store(
  request: Request | string,
  copied: Promise<Response | null>,
  opened: Promise<Kept>,
): Promise<void> {
  try {
    const [copy, kept] = await Promise.all([copied, opened]);
    if (copy !== null) await kept.put(request, copy);
  } catch {
    // The network gave nothing, or nothing more can be kept.
  }
}
