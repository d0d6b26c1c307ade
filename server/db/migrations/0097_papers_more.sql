-- A cash desk that lists the newest papers in doubt is told how many older ones there are: what is not listed
-- must not look decided. Counted to ten thousand; whoever has more has another trouble.

CREATE OR REPLACE FUNCTION print_desk_view(p_shop bigint, p_jobs_max integer) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'printers', coalesce((
            SELECT json_agg(json_build_object('id', p.id, 'name', p.name, 'condition', p.condition,
                                              'since_ms', to_ms(p.condition_at)) ORDER BY p.id)
              FROM printer p
             WHERE p.shop_id = p_shop AND p.enabled AND p.condition NOT IN ('ready', 'unknown')), '[]'),
        'papers', coalesce((
            SELECT json_agg(print_job_view(j) ORDER BY j.id)
              FROM (SELECT * FROM print_job
                     WHERE shop_id = p_shop AND state IN ('uncertain', 'failed', 'expired') AND settled IS NULL
                     ORDER BY id DESC LIMIT p_jobs_max) o
              JOIN print_job j ON j.shop_id = p_shop AND j.id = o.id), '[]'),
        'more', (
            SELECT count(*)
              FROM (SELECT FROM print_job
                     WHERE shop_id = p_shop AND state IN ('uncertain', 'failed', 'expired') AND settled IS NULL
                     ORDER BY id DESC LIMIT 10000 OFFSET p_jobs_max) older))
$$;
