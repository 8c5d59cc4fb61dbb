CREATE TABLE `jobs` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text(64) NOT NULL,
	`state` text NOT NULL,
	`priority` integer NOT NULL,
	`input` text,
	`result` text,
	`error` text,
	`progress` integer NOT NULL,
	`note` text,
	`attempt` integer NOT NULL,
	`due_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`ended_at` integer,
	`created_by` text,
	`cancel_at` integer,
	`original_id` text,
	`replay_count` integer NOT NULL,
	`replayed_by` text,
	`replayed_as` text,
	`schedule_id` text,
	`keep_until` integer,
	`place` integer,
	`wake_at` integer,
	`_version` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `jobs_in_line` ON `jobs` (`name`,`place`) WHERE "jobs"."place" is not null;
--> statement-breakpoint
CREATE INDEX `jobs_waking` ON `jobs` (`wake_at`) WHERE "jobs"."wake_at" is not null;
--> statement-breakpoint
CREATE INDEX `jobs_by_creator` ON `jobs` (`created_by`) WHERE "jobs"."created_by" is not null;
--> statement-breakpoint
CREATE TABLE `job_schedules` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text(64) NOT NULL,
	`input` text,
	`priority` integer NOT NULL,
	`cron` text,
	`every_ms` integer,
	`time_zone` text,
	`catch_up` text NOT NULL,
	`is_paused` integer NOT NULL,
	`is_declared` integer NOT NULL,
	`started_at` integer NOT NULL,
	`last_at` integer,
	`wake_at` integer,
	`_version` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE `job_controls` (
	`id` text PRIMARY KEY NOT NULL,
	`is_paused` integer NOT NULL,
	`changed_at` integer,
	`changed_by` text,
	`wake_at` integer,
	`_version` integer DEFAULT 0 NOT NULL
);
