/** Uploads that components share: one store a question, which outlives the components for as long as something is under way. */

import { expect, test } from "vitest";
import { createClient } from "../../../src/client/ledge-client.ts";
import { sharedUploads } from "../../../src/client/react/shared-uploads.ts";

const file = Object.assign(new Blob(["bytes"]), { name: "a.txt" });

/** A client whose uploads wait until they are let through. */
function slowClient() {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const fetch = async () => {
    await gate;
    return { status: 201, headers: new Headers(), text: async () => JSON.stringify({ id: "f1" }) };
  };
  return { client: createClient({ url: "https://files.test", fetch: fetch as never }), release: () => release() };
}

test("[RH8] who asks the same has the same uploads; another question or client has its own", () => {
  const [{ client }, other] = [slowClient(), slowClient()];
  const uploads = sharedUploads(client, "a", 2);
  expect(sharedUploads(client, "a", 2)).toBe(uploads);
  expect(sharedUploads(client, "b", 2)).not.toBe(uploads);
  expect(sharedUploads(other.client, "a", 2)).not.toBe(uploads);
});

test("[RH8] what is under way is found again by who comes back, and what has ended goes when nobody looks any more", async () => {
  const { client, release } = slowClient();
  const uploads = sharedUploads(client, "a", 2);
  const leave = uploads.subscribe(() => {});
  uploads.add("attachments", file);
  leave();
  const found = sharedUploads(client, "a", 2);
  expect([found, found.getSnapshot().map(({ state }) => state)]).toEqual([uploads, ["running"]]);

  const leaveAgain = found.subscribe(() => {});
  release();
  await expect.poll(() => found.getSnapshot()[0]?.state).toBe("done");
  const other = found.subscribe(() => {});
  leaveAgain();
  expect(found.getSnapshot()).toHaveLength(1);
  other();
  expect([uploads.getSnapshot(), sharedUploads(client, "a", 2) === uploads]).toEqual([[], false]);
});

test("[RH8] a second mount comes back to the uploads that were let go between the two", () => {
  const { client } = slowClient();
  const uploads = sharedUploads(client, "a", 2);
  uploads.subscribe(() => {})();
  const leave = uploads.subscribe(() => {});
  expect(sharedUploads(client, "a", 2)).toBe(uploads);
  leave();
});
