CREATE TABLE `comments` (
	`id` text PRIMARY KEY NOT NULL,
	`task_id` text NOT NULL,
	`body` text(4000) NOT NULL,
	`author_id` text NOT NULL,
	`created_at` integer,
	`updated_at` integer,
	`_version` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `comments_by_task` ON `comments` (`task_id`);
