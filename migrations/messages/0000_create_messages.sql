CREATE TABLE `messages` (
	`id` text PRIMARY KEY NOT NULL,
	`room_id` text NOT NULL,
	`author_id` text NOT NULL,
	`body` text(4000) NOT NULL,
	`created_at` integer,
	`updated_at` integer,
	`_version` integer DEFAULT 0 NOT NULL
);
