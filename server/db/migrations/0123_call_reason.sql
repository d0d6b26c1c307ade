-- A sentence that was said may still wait in a screen's queue, or on a board until a cook says that he saw it: whoever
-- takes its call back must know that it was said (done), not answered, suppressed or taken back before.
CREATE OR REPLACE FUNCTION call_row(k im_call) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'call', call_view(k), 'version', k.version, 'msg_type', k.msg_type, 'channels', k.channels,
        'params', k.params, 'template_id', k.template_id, 'place_id', k.place_id,
        'technician_id', k.technician_id, 'source', k.source, 'client_id', k.client_id,
        'expires_at_ms', to_ms(k.expires_at), 'reminders', k.reminders, 'ended_reason', k.ended_reason)
$$;
