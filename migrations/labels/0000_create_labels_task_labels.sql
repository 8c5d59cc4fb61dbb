CREATE TABLE `labels` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text(40) NOT NULL,
	`color` text(20) DEFAULT 'slate' NOT NULL,
	`_version` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `labels_name_unique` ON `labels` (`name`);
--> statement-breakpoint
CREATE TABLE `task_labels` (
	`id` text PRIMARY KEY NOT NULL,
	`task_id` text NOT NULL,
	`label_id` text NOT NULL,
	`_version` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`label_id`) REFERENCES `labels`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `task_labels_once` ON `task_labels` (`task_id`,`label_id`);
