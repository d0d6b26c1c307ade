-- Photographs of dishes, as they were made small and clean (server/pictures): named by what they are, so that an address never
-- shows anything else. A brand's, because its shops share a menu. What no dish names any more is forgotten in time.
CREATE TABLE picture (
    brand_id bigint NOT NULL REFERENCES brand,
    name     text NOT NULL,
    body     bytea NOT NULL,
    made_at  timestamptz NOT NULL,
    PRIMARY KEY (brand_id, name)
);
ALTER TABLE picture ALTER COLUMN body SET STORAGE EXTERNAL;  -- it is compressed already
CREATE INDEX picture_by_name ON picture (name);
CREATE INDEX dish_by_picture ON dish (picture) WHERE picture LIKE '/pictures/%';
