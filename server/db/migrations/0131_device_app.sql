-- Which page a device runs, of which version, as it said in its last hello: whoever keeps a shop sees which screens are old.

ALTER TABLE device ADD COLUMN app text NOT NULL DEFAULT '';
