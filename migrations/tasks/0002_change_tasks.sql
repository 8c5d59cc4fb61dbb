DROP INDEX `tasks_by_project`;
--> statement-breakpoint
ALTER TABLE `tasks` ADD `position` text(200) DEFAULT '' NOT NULL;
--> statement-breakpoint
CREATE INDEX `tasks_by_place` ON `tasks` (`project_id`,`status`,`position`);
