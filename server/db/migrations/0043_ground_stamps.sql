-- What a ring needs to know of its shop (rules, sentences, who listens) is read at every ring and changes a
-- few times a day. A stamp says whether it did: a worker asks for the stamp, one row by key, and reads the rest
-- anew only when it moved. Triggers, because a stamp that one writer forgets is a rule that never arrives;
-- they decide nothing. A stamp grows under its row's lock, so an older one never follows a newer.

ALTER TABLE brand ADD COLUMN ground_stamp bigint NOT NULL DEFAULT 0;
ALTER TABLE shop ADD COLUMN ground_stamp bigint NOT NULL DEFAULT 0;

CREATE FUNCTION stamp_itself() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.ground_stamp := OLD.ground_stamp + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER shop_stamp BEFORE UPDATE ON shop FOR EACH ROW
    WHEN (NEW.ground_stamp = OLD.ground_stamp) EXECUTE FUNCTION stamp_itself();

CREATE FUNCTION stamp_shop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE shop SET ground_stamp = ground_stamp + 1 WHERE id = OLD.shop_id;
    END IF;
    IF TG_OP <> 'DELETE' AND (TG_OP = 'INSERT' OR NEW.shop_id <> OLD.shop_id) THEN
        UPDATE shop SET ground_stamp = ground_stamp + 1 WHERE id = NEW.shop_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER device_stamp AFTER INSERT OR DELETE ON device FOR EACH ROW EXECUTE FUNCTION stamp_shop();
-- Not when it was seen last and how far it has read, which is all the time.
CREATE TRIGGER device_changed_stamp AFTER UPDATE ON device FOR EACH ROW
    WHEN ((OLD.shop_id, OLD.id, OLD.kind, OLD.account_id, OLD.place_id, OLD.token_hash, OLD.revoked_at)
          IS DISTINCT FROM
          (NEW.shop_id, NEW.id, NEW.kind, NEW.account_id, NEW.place_id, NEW.token_hash, NEW.revoked_at))
    EXECUTE FUNCTION stamp_shop();
CREATE TRIGGER account_stamp AFTER UPDATE OR DELETE ON account FOR EACH ROW EXECUTE FUNCTION stamp_shop();

CREATE FUNCTION stamp_brand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE brand SET ground_stamp = ground_stamp + 1 WHERE id = OLD.brand_id;
    END IF;
    IF TG_OP <> 'DELETE' AND (TG_OP = 'INSERT' OR NEW.brand_id <> OLD.brand_id) THEN
        UPDATE brand SET ground_stamp = ground_stamp + 1 WHERE id = NEW.brand_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER policy_stamp AFTER INSERT OR UPDATE OR DELETE ON broadcast_policy FOR EACH ROW EXECUTE FUNCTION stamp_brand();
CREATE TRIGGER template_stamp AFTER INSERT OR UPDATE OR DELETE ON im_template FOR EACH ROW EXECUTE FUNCTION stamp_brand();
CREATE TRIGGER template_version_stamp AFTER INSERT OR UPDATE OR DELETE ON im_template_version FOR EACH ROW EXECUTE FUNCTION stamp_brand();
CREATE TRIGGER webhook_stamp AFTER INSERT OR UPDATE OR DELETE ON api_webhook FOR EACH ROW EXECUTE FUNCTION stamp_brand();
