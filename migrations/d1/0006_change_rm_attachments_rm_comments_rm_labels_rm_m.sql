DROP TRIGGER IF EXISTS "_fts_rm_attachments_insert";
--> statement-breakpoint
DROP TRIGGER IF EXISTS "_fts_rm_attachments_update";
--> statement-breakpoint
DROP TRIGGER IF EXISTS "_fts_rm_attachments_delete";
--> statement-breakpoint
DROP TABLE IF EXISTS "_fts_rm_attachments";
--> statement-breakpoint
DROP VIEW IF EXISTS "_fts_rm_attachments_rows";
--> statement-breakpoint
DROP TRIGGER IF EXISTS "_fts_rm_comments_insert";
--> statement-breakpoint
DROP TRIGGER IF EXISTS "_fts_rm_comments_update";
--> statement-breakpoint
DROP TRIGGER IF EXISTS "_fts_rm_comments_delete";
--> statement-breakpoint
DROP TABLE IF EXISTS "_fts_rm_comments";
--> statement-breakpoint
DROP VIEW IF EXISTS "_fts_rm_comments_rows";
--> statement-breakpoint
DROP TRIGGER IF EXISTS "_fts_rm_projects_insert";
--> statement-breakpoint
DROP TRIGGER IF EXISTS "_fts_rm_projects_update";
--> statement-breakpoint
DROP TRIGGER IF EXISTS "_fts_rm_projects_delete";
--> statement-breakpoint
DROP TABLE IF EXISTS "_fts_rm_projects";
--> statement-breakpoint
DROP VIEW IF EXISTS "_fts_rm_projects_rows";
--> statement-breakpoint
DROP TRIGGER IF EXISTS "_fts_rm_tasks_insert";
--> statement-breakpoint
DROP TRIGGER IF EXISTS "_fts_rm_tasks_update";
--> statement-breakpoint
DROP TRIGGER IF EXISTS "_fts_rm_tasks_delete";
--> statement-breakpoint
DROP TABLE IF EXISTS "_fts_rm_tasks";
--> statement-breakpoint
DROP VIEW IF EXISTS "_fts_rm_tasks_rows";
--> statement-breakpoint
DROP INDEX `rm_attachments_by_task`;
--> statement-breakpoint
DROP INDEX `rm_attachments_by_owner`;
--> statement-breakpoint
CREATE INDEX `rm_attachments_by_task` ON `rm_attachments` (`_copy`,`task_id`);
--> statement-breakpoint
CREATE INDEX `rm_attachments_by_owner` ON `rm_attachments` (`_copy`,`owner_id`);
--> statement-breakpoint
DROP INDEX `rm_comments_by_task`;
--> statement-breakpoint
DROP INDEX `rm_comments_by_author`;
--> statement-breakpoint
DROP INDEX `rm_comments_by_recipient`;
--> statement-breakpoint
CREATE INDEX `rm_comments_by_task` ON `rm_comments` (`_copy`,`task_id`);
--> statement-breakpoint
CREATE INDEX `rm_comments_by_author` ON `rm_comments` (`_copy`,`author_id`);
--> statement-breakpoint
CREATE INDEX `rm_comments_by_recipient` ON `rm_comments` (`_copy`,`recipient_id`);
--> statement-breakpoint
DROP INDEX `rm_labels_name_unique`;
--> statement-breakpoint
CREATE INDEX `rm_labels_name_unique` ON `rm_labels` (`_copy`,`name`);
--> statement-breakpoint
CREATE INDEX `rm_messages_by_author` ON `rm_messages` (`author_id`);
--> statement-breakpoint
DROP INDEX `rm_projects_by_owner`;
--> statement-breakpoint
CREATE INDEX `rm_projects_by_owner` ON `rm_projects` (`_copy`,`owner_id`);
--> statement-breakpoint
DROP INDEX `rm_task_labels_once`;
--> statement-breakpoint
CREATE INDEX `rm_task_labels_once` ON `rm_task_labels` (`_copy`,`task_id`,`label_id`);
--> statement-breakpoint
DROP INDEX `rm_tasks_by_place`;
--> statement-breakpoint
DROP INDEX `rm_tasks_by_author`;
--> statement-breakpoint
DROP INDEX `rm_tasks_by_assignee`;
--> statement-breakpoint
CREATE INDEX `rm_tasks_by_place` ON `rm_tasks` (`_copy`,`project_id`,`status`,`position`);
--> statement-breakpoint
CREATE INDEX `rm_tasks_by_author` ON `rm_tasks` (`_copy`,`author_id`);
--> statement-breakpoint
CREATE INDEX `rm_tasks_by_assignee` ON `rm_tasks` (`_copy`,`assignee_id`);
--> statement-breakpoint
CREATE VIEW "_fts_rm_attachments_rows" AS SELECT rowid AS docid, "file_name" AS c0 FROM "rm_attachments";
--> statement-breakpoint
CREATE VIRTUAL TABLE "_fts_rm_attachments" USING fts5(c0, content='_fts_rm_attachments_rows', content_rowid='docid', columnsize=0, tokenize='unicode61 remove_diacritics 2');
--> statement-breakpoint
CREATE TRIGGER "_fts_rm_attachments_insert" AFTER INSERT ON "rm_attachments" BEGIN INSERT INTO "_fts_rm_attachments"(rowid, c0) VALUES (new.rowid, new."file_name"); END;
--> statement-breakpoint
CREATE TRIGGER "_fts_rm_attachments_update" AFTER UPDATE OF "file_name" ON "rm_attachments" WHEN old."file_name" IS NOT new."file_name" COLLATE BINARY BEGIN INSERT INTO "_fts_rm_attachments"("_fts_rm_attachments", rowid, c0) VALUES ('delete', old.rowid, old."file_name"); INSERT INTO "_fts_rm_attachments"(rowid, c0) VALUES (new.rowid, new."file_name"); END;
--> statement-breakpoint
CREATE TRIGGER "_fts_rm_attachments_delete" AFTER DELETE ON "rm_attachments" BEGIN INSERT INTO "_fts_rm_attachments"("_fts_rm_attachments", rowid, c0) VALUES ('delete', old.rowid, old."file_name"); END;
--> statement-breakpoint
INSERT INTO "_fts_rm_attachments"("_fts_rm_attachments") VALUES ('rebuild');
--> statement-breakpoint
CREATE VIEW "_fts_rm_comments_rows" AS SELECT rowid AS docid, "body" AS c0 FROM "rm_comments";
--> statement-breakpoint
CREATE VIRTUAL TABLE "_fts_rm_comments" USING fts5(c0, content='_fts_rm_comments_rows', content_rowid='docid', columnsize=0, tokenize='unicode61 remove_diacritics 2');
--> statement-breakpoint
CREATE TRIGGER "_fts_rm_comments_insert" AFTER INSERT ON "rm_comments" BEGIN INSERT INTO "_fts_rm_comments"(rowid, c0) VALUES (new.rowid, new."body"); END;
--> statement-breakpoint
CREATE TRIGGER "_fts_rm_comments_update" AFTER UPDATE OF "body" ON "rm_comments" WHEN old."body" IS NOT new."body" COLLATE BINARY BEGIN INSERT INTO "_fts_rm_comments"("_fts_rm_comments", rowid, c0) VALUES ('delete', old.rowid, old."body"); INSERT INTO "_fts_rm_comments"(rowid, c0) VALUES (new.rowid, new."body"); END;
--> statement-breakpoint
CREATE TRIGGER "_fts_rm_comments_delete" AFTER DELETE ON "rm_comments" BEGIN INSERT INTO "_fts_rm_comments"("_fts_rm_comments", rowid, c0) VALUES ('delete', old.rowid, old."body"); END;
--> statement-breakpoint
INSERT INTO "_fts_rm_comments"("_fts_rm_comments") VALUES ('rebuild');
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
