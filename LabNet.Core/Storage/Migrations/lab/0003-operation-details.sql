ALTER TABLE operations ADD COLUMN detail TEXT;
