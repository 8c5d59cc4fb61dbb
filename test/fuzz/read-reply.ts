/**
 * What a reply says, as text: an event stream up to its first events, a socket up to its first frame; both are left then, as a client
 * that goes away leaves them.
 */

/** Events and frames come at once or not at all: a refusal ends the stream, an accepted watch begins with its snapshot. */
const PATIENCE_MS = 2000;

export async function readReply(response: Response): Promise<string> {
  if (response.webSocket !== null && response.webSocket !== undefined) return firstFrame(response.webSocket);
  if (response.body === null || !response.headers.get("content-type")?.startsWith("text/event-stream"))
    return response.text();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  // The first block tells when to come back; the second is an event.
  while (text.split("\n\n").length < 3) {
    const { done, value } = await within(reader.read(), "an event stream says nothing");
    if (done) return text;
    text += value;
  }
  await reader.cancel();
  return text;
}

async function firstFrame(socket: WebSocket): Promise<string> {
  socket.accept();
  const first = new Promise<string>((resolve) => {
    socket.addEventListener("message", ({ data }) => resolve(String(data)));
    socket.addEventListener("close", ({ reason }) => resolve(reason));
  });
  socket.send(JSON.stringify({ type: "hello", v: 1, client: "fuzz" }));
  const text = await within(first, "a socket says nothing");
  socket.close(1000);
  return text;
}

function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(what)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
