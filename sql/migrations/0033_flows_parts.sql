-- Rows of an insert are one file and not a hundred: making and forgetting files of every column was a fifth of an
-- insert's work. Columns have files of their own once parts are merged to this size, uncompressed.
ALTER TABLE flows MODIFY SETTING min_bytes_for_wide_part = 268435456
