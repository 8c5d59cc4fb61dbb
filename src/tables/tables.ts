/** YOURS. The tables of the application, one line a file; `src/app.ts` reads the list. */

export { attachments } from "./attachments.ts";
export { comments } from "./comments.ts";
export { labels, taskLabels } from "./labels.ts";
export { messages } from "./messages.ts";
export { projects } from "./projects.ts";
export { tasks } from "./tasks.ts";
