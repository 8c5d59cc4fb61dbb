ALTER TABLE `projects` ADD `task_count` integer DEFAULT 0 NOT NULL;
