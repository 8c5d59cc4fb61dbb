CREATE INDEX `tasks_by_author` ON `tasks` (`author_id`);
--> statement-breakpoint
CREATE INDEX `tasks_by_assignee` ON `tasks` (`assignee_id`);
