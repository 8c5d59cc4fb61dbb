CREATE INDEX `auth_users_pending` ON `auth_users` (`created_at`) WHERE is_pending = 1;--> statement-breakpoint
CREATE INDEX `auth_verifications_by_expiry` ON `auth_verifications` (`expires_at`);