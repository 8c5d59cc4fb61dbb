CREATE TABLE `attachments` (
	`id` text PRIMARY KEY NOT NULL,
	`task_id` text NOT NULL,
	`owner_id` text NOT NULL,
	`file_name` text(255) NOT NULL,
	`file_type` text(129) NOT NULL,
	`file_size` integer NOT NULL,
	`file_status` text DEFAULT 'pending' NOT NULL,
	`file_hash` text,
	`file_stored_at` integer,
	`file_blob_key` text,
	`file_upload_key` text,
	`file_upload` text,
	`_version` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE INDEX `attachments_by_task` ON `attachments` (`task_id`);
--> statement-breakpoint
CREATE INDEX `attachments_by_owner` ON `attachments` (`owner_id`);
--> statement-breakpoint
CREATE INDEX `attachments_by_file_hash` ON `attachments` (`file_hash`);
--> statement-breakpoint
CREATE INDEX `attachments_by_blob_key` ON `attachments` (`file_blob_key`);
--> statement-breakpoint
CREATE INDEX `attachments_by_upload_key` ON `attachments` (`file_upload_key`);
