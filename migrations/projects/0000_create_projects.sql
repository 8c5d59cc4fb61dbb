CREATE TABLE `projects` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text(120) NOT NULL,
	`description` text(2000) DEFAULT '' NOT NULL,
	`owner_id` text NOT NULL,
	`created_at` integer,
	`updated_at` integer,
	`archived_at` integer,
	`_version` integer DEFAULT 0 NOT NULL
);
