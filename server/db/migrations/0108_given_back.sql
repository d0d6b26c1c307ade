-- Who said "coming" may give a call back: it rings anew at once, by a ring that is counted from none, and how long it
-- was of use when it was raised is no measure any more; a card that nobody closes leaves the pads by itself.
-- That it was given back is a word of the device that did it, beside those about its rings.

ALTER TABLE im_receipt DROP CONSTRAINT im_receipt_stage_check;
ALTER TABLE im_receipt ADD CONSTRAINT im_receipt_stage_check
    CHECK (stage IN ('shown', 'played', 'failed', 'blocked', 'muted', 'acknowledged', 'given_back'));

CREATE OR REPLACE FUNCTION step_calls(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    UPDATE im_call k
       SET state = r.state, rings = r.rings, rings_max = r.rings_max, interval_s = r.interval_s,
           rang_at = from_ms(r.rang_at_ms), claimed_by = r.claimed_by, claimed_by_device = r.claimed_by_device,
           claimed_at = from_ms(r.claimed_at_ms), escalated = r.escalated, ended_reason = r.ended_reason,
           ended_at = from_ms(r.ended_at_ms), reminders = r.reminders, channels = r.channels, params = r.params,
           expires_at = CASE WHEN r.given_back THEN NULL ELSE k.expires_at END, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, state text, rings integer, rings_max integer, interval_s integer,
           rang_at_ms bigint, claimed_by text, claimed_by_device bigint, claimed_at_ms bigint, escalated boolean,
           ended_reason text, ended_at_ms bigint, reminders integer, channels text[], params jsonb, version integer,
           given_back boolean)
     WHERE k.shop_id = r.shop_id AND k.id = r.id AND k.version = r.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'call');
END $$;
