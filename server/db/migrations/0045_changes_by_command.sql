-- A manager's change whose answer was lost is asked again with the same Idempotency-Key: it is the same change.
-- The version fence keeps it from being made twice; this says whose the version is that stands there now.

ALTER TABLE im_template_version ADD COLUMN command_id uuid;
CREATE UNIQUE INDEX im_template_version_command ON im_template_version (brand_id, command_id) WHERE command_id IS NOT NULL;
ALTER TABLE broadcast_policy_history ADD COLUMN command_id uuid;
CREATE UNIQUE INDEX broadcast_policy_history_command ON broadcast_policy_history (brand_id, command_id)
 WHERE command_id IS NOT NULL;
