/** The board's projects and tasks, with their own migrations, over node:sqlite: no task loses the project that counts it ([TX2]). */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { defineApp } from "../../src/edge/define-app.ts";
import { projects } from "../../src/tables/projects.ts";
import { tasks } from "../../src/tables/tasks.ts";
import { boardRoutes } from "../../src/web/board-routes.ts";
import { nodeObjects } from "./node-objects.ts";

function migrationsOf(table: string) {
  const folder = join(import.meta.dirname, "../../migrations", table);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => ({ tag: name.slice(0, -4), sql: readFileSync(join(folder, name), "utf8") }));
}

it("[TX2] a project with tasks is not deleted: they can move and go, and then it can", async () => {
  const app = defineApp({ name: "board", resources: [projects, tasks], endpoints: [...boardRoutes] });
  const objects = nodeObjects(app.definition, { projects: migrationsOf("projects"), tasks: migrationsOf("tasks") });
  const send = async (method: string, path: string, body?: object) => {
    const headers = { "content-type": "application/json", authorization: "Bearer dev:alice" };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const reply = await app.request(`/api${path}`, { method, headers, ...text }, objects.env);
    const told = await reply.text();
    return { status: reply.status, id: String(told === "" ? "" : JSON.parse(told).id) };
  };
  const project = await send("POST", "/projects", { name: "Old" });
  expect(project.status).toBe(201);
  const task = await send("POST", "/board/tasks", { projectId: project.id, title: "t" });
  expect(task.status).toBe(201);
  expect((await send("DELETE", `/projects/${project.id}`)).status).toBe(403);
  expect((await send("POST", `/board/tasks/${task.id}/remove`)).status).toBe(200);
  await objects.settled();
  expect((await send("DELETE", `/projects/${project.id}`)).status).toBe(204);
});
