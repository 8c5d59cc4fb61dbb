ALTER TABLE `comments` ADD `recipient_id` text;
--> statement-breakpoint
CREATE INDEX `comments_by_author` ON `comments` (`author_id`);
--> statement-breakpoint
CREATE INDEX `comments_by_recipient` ON `comments` (`recipient_id`);
