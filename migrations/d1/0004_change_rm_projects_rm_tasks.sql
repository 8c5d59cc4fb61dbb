CREATE TABLE `rm_projects` (
	`_copy` integer NOT NULL,
	`id` text NOT NULL,
	`name` text(120),
	`description` text(2000),
	`owner_id` text,
	`created_at` integer,
	`updated_at` integer,
	`archived_at` integer,
	`_version` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`_copy`, `id`)
);
--> statement-breakpoint
CREATE INDEX `rm_projects_by_owner` ON `rm_projects` (`owner_id`);
--> statement-breakpoint
CREATE TABLE `rm_tasks` (
	`_copy` integer NOT NULL,
	`id` text NOT NULL,
	`project_id` text,
	`title` text(200),
	`status` text,
	`position` text(200),
	`priority` integer,
	`estimate_hours` real,
	`tags` text,
	`author_id` text,
	`assignee_id` text,
	`due_at` integer,
	`version` integer,
	`created_at` integer,
	`updated_at` integer,
	`deleted_at` integer,
	`_version` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`_copy`, `id`)
);
--> statement-breakpoint
CREATE INDEX `rm_tasks_by_place` ON `rm_tasks` (`project_id`,`status`,`position`);
--> statement-breakpoint
CREATE INDEX `rm_tasks_by_author` ON `rm_tasks` (`author_id`);
--> statement-breakpoint
CREATE INDEX `rm_tasks_by_assignee` ON `rm_tasks` (`assignee_id`);
--> statement-breakpoint
CREATE VIEW "_fts_rm_projects_rows" AS SELECT rowid AS docid, "name" AS c0, "description" AS c1 FROM "rm_projects";
--> statement-breakpoint
CREATE VIRTUAL TABLE "_fts_rm_projects" USING fts5(c0, c1, content='_fts_rm_projects_rows', content_rowid='docid', columnsize=0, tokenize='unicode61 remove_diacritics 2');
--> statement-breakpoint
CREATE TRIGGER "_fts_rm_projects_insert" AFTER INSERT ON "rm_projects" BEGIN INSERT INTO "_fts_rm_projects"(rowid, c0, c1) VALUES (new.rowid, new."name", new."description"); END;
--> statement-breakpoint
CREATE TRIGGER "_fts_rm_projects_update" AFTER UPDATE OF "name", "description" ON "rm_projects" WHEN old."name" IS NOT new."name" COLLATE BINARY OR old."description" IS NOT new."description" COLLATE BINARY BEGIN INSERT INTO "_fts_rm_projects"("_fts_rm_projects", rowid, c0, c1) VALUES ('delete', old.rowid, old."name", old."description"); INSERT INTO "_fts_rm_projects"(rowid, c0, c1) VALUES (new.rowid, new."name", new."description"); END;
--> statement-breakpoint
CREATE TRIGGER "_fts_rm_projects_delete" AFTER DELETE ON "rm_projects" BEGIN INSERT INTO "_fts_rm_projects"("_fts_rm_projects", rowid, c0, c1) VALUES ('delete', old.rowid, old."name", old."description"); END;
--> statement-breakpoint
INSERT INTO "_fts_rm_projects"("_fts_rm_projects") VALUES ('rebuild');
--> statement-breakpoint
CREATE VIEW "_fts_rm_tasks_rows" AS SELECT rowid AS docid, "title" AS c0 FROM "rm_tasks";
--> statement-breakpoint
CREATE VIRTUAL TABLE "_fts_rm_tasks" USING fts5(c0, content='_fts_rm_tasks_rows', content_rowid='docid', columnsize=0, tokenize='unicode61 remove_diacritics 2');
--> statement-breakpoint
CREATE TRIGGER "_fts_rm_tasks_insert" AFTER INSERT ON "rm_tasks" BEGIN INSERT INTO "_fts_rm_tasks"(rowid, c0) VALUES (new.rowid, new."title"); END;
--> statement-breakpoint
CREATE TRIGGER "_fts_rm_tasks_update" AFTER UPDATE OF "title" ON "rm_tasks" WHEN old."title" IS NOT new."title" COLLATE BINARY BEGIN INSERT INTO "_fts_rm_tasks"("_fts_rm_tasks", rowid, c0) VALUES ('delete', old.rowid, old."title"); INSERT INTO "_fts_rm_tasks"(rowid, c0) VALUES (new.rowid, new."title"); END;
--> statement-breakpoint
CREATE TRIGGER "_fts_rm_tasks_delete" AFTER DELETE ON "rm_tasks" BEGIN INSERT INTO "_fts_rm_tasks"("_fts_rm_tasks", rowid, c0) VALUES ('delete', old.rowid, old."title"); END;
--> statement-breakpoint
INSERT INTO "_fts_rm_tasks"("_fts_rm_tasks") VALUES ('rebuild');
