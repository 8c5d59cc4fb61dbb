/**
 * YOURS. A digest on schedule: on Mondays at seven, Berlin time, what is open goes into the room `digest`. The message and the end of the job are one
 * commit, so however often the handler runs, there is one message a week.
 */

import { job } from "ledge/jobs";

export const weeklyDigest = job({
  name: "weekly-digest",
  schedule: { cron: "0 7 * * 1", timeZone: "Europe/Berlin", catchUp: "last" },
  async handler(_, { server, complete }) {
    const count = (status: string) =>
      server.transaction((tx) => Promise.resolve(tx.table("tasks").count(`status=="${status}";deletedAt==null`)));
    const [todo, doing] = [await count("todo"), await count("doing")];
    const body = `${todo} tasks to do, ${doing} under way`;
    await complete(async (tx) => {
      tx.table("messages", "digest").create({ body });
      return { todo, doing };
    });
  },
});
