ALTER TABLE `comments` ADD `kind` text DEFAULT 'said' NOT NULL;
