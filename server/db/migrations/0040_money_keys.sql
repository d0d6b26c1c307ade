-- Moving money (SMS segments, cards, points) is a permission of its own: a till that orders dishes has no
-- business giving points away, and whoever sells points need not order dishes.

ALTER TABLE api_client DROP CONSTRAINT api_client_roles_check;
ALTER TABLE api_client ADD CONSTRAINT api_client_roles_check
    CHECK (roles <@ '{business,manager,money}'::text[] AND cardinality(roles) > 0);
