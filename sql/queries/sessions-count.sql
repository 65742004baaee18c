-- Rows of the table sessions: how many pages it is read in goes by it.
SELECT count() AS rows FROM sessions
