CREATE TABLE `rm_attachments` (
	`_copy` integer NOT NULL,
	`id` text NOT NULL,
	`task_id` text,
	`owner_id` text,
	`file_name` text(255),
	`file_type` text(129),
	`file_size` integer,
	`file_status` text,
	`_version` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`_copy`, `id`)
);
--> statement-breakpoint
CREATE INDEX `rm_attachments_by_task` ON `rm_attachments` (`task_id`);
--> statement-breakpoint
CREATE INDEX `rm_attachments_by_owner` ON `rm_attachments` (`owner_id`);
--> statement-breakpoint
CREATE TABLE `rm_comments` (
	`_copy` integer NOT NULL,
	`id` text NOT NULL,
	`task_id` text,
	`body` text(4000),
	`kind` text,
	`author_id` text,
	`recipient_id` text,
	`created_at` integer,
	`updated_at` integer,
	`_version` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`_copy`, `id`)
);
--> statement-breakpoint
CREATE INDEX `rm_comments_by_task` ON `rm_comments` (`task_id`);
--> statement-breakpoint
CREATE INDEX `rm_comments_by_author` ON `rm_comments` (`author_id`);
--> statement-breakpoint
CREATE INDEX `rm_comments_by_recipient` ON `rm_comments` (`recipient_id`);
--> statement-breakpoint
CREATE TABLE `rm_labels` (
	`_copy` integer NOT NULL,
	`id` text NOT NULL,
	`name` text(40),
	`color` text(20),
	`_version` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`_copy`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `rm_labels_name_unique` ON `rm_labels` (`name`);
--> statement-breakpoint
CREATE TABLE `rm_task_labels` (
	`_copy` integer NOT NULL,
	`id` text NOT NULL,
	`task_id` text,
	`label_id` text,
	`_version` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`_copy`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `rm_task_labels_once` ON `rm_task_labels` (`task_id`,`label_id`);
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
