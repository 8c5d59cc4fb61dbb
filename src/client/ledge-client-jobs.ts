/**
 * `ledge/client/jobs`: jobs of the server, enqueued, followed with their progress, and cancelled, for any client. An entry of its own, so that
 * whoever has none does not carry it. No DOM.
 */

export {
  type EnqueueJobOptions,
  enqueueJob,
  followJob,
  type JobHandle,
  type JobStanding,
  type JobView,
} from "./job-handle.ts";
