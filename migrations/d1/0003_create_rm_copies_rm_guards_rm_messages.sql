CREATE TABLE `rm_copies` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`object` text NOT NULL,
	`grp` text NOT NULL,
	`part` text,
	`status` text NOT NULL,
	`is_hidden` integer NOT NULL,
	`epoch` text NOT NULL,
	`migration` text,
	`form` text NOT NULL,
	`seq` integer NOT NULL,
	`head` integer NOT NULL,
	`size_bytes` integer NOT NULL,
	`place` text,
	`as_of` integer NOT NULL,
	`step` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `rm_copies_serving` ON `rm_copies` (`object`) WHERE status = 'serving';
--> statement-breakpoint
CREATE UNIQUE INDEX `rm_copies_building` ON `rm_copies` (`object`) WHERE status = 'building';
--> statement-breakpoint
CREATE INDEX `rm_copies_by_object` ON `rm_copies` (`object`);
--> statement-breakpoint
CREATE INDEX `rm_copies_by_group` ON `rm_copies` (`grp`);
--> statement-breakpoint
CREATE INDEX `rm_copies_by_epoch` ON `rm_copies` (`epoch`);
--> statement-breakpoint
CREATE INDEX `rm_copies_hidden` ON `rm_copies` (`id`) WHERE is_hidden = 1;
--> statement-breakpoint
CREATE TABLE `rm_guards` (
	`held` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `rm_messages` (
	`_copy` integer NOT NULL,
	`id` text NOT NULL,
	`room_id` text,
	`author_id` text,
	`body` text(4000),
	`created_at` integer,
	`updated_at` integer,
	`_version` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`_copy`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `rm_messages_by_id` ON `rm_messages` (`id`);
