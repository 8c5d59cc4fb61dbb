ALTER TABLE `auth_attempts` ADD `undecided` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `auth_users` ADD `is_pending` integer DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX `auth_verifications_by_value` ON `auth_verifications` (`value`);