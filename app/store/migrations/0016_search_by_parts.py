"""Flags found by parts of names and numbers, by an index of the pieces of their texts"""

from alembic import op

revision = "1.0016"
down_revision = "1.0015"

# pg_trgm would serve, but not every PostgreSQL has it installed.
FUNCTIONS = (
    # One form for what is searched and what is searched for: "1,184,000" is 1184000 in both. One or two characters would
    # be part of nearly every text, so they must begin a word.
    r"""
    CREATE FUNCTION search_part(part text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE WHEN length(it) < 3 THEN ' ' ELSE '' END || it
        FROM lower(regexp_replace(regexp_replace(part, '\s+', ' ', 'g'), '(\d),(?=\d)', '\1', 'g')) AS it
    $$
    """,
    # Three and four bytes each, as numbers. It is made dear so that no plan tries it on row after row: it is for the index.
    """
    CREATE FUNCTION search_pieces(whole text) RETURNS integer[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
        SELECT array_agg((get_byte(it, n) << 16) + (get_byte(it, n + 1) << 8) + get_byte(it, n + 2)) || array_agg(
            (get_byte(it, n) << 24) + (get_byte(it, n + 1) << 16) + (get_byte(it, n + 2) << 8) + get_byte(it, n + 3)
            ) FILTER (WHERE n + 3 < length(it))
        FROM convert_to(whole, 'UTF8') AS it, generate_series(0, length(it) - 3) AS n
    $$
    """,
    # The pieces that a text with this part must have. Of a long part the first ones are enough.
    """
    CREATE FUNCTION search_query(part text) RETURNS integer[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT array_agg(DISTINCT piece)
        FROM unnest(search_pieces(left(search_part(part), 24))) AS piece
        WHERE octet_length(search_part(part)) = 3 OR piece NOT BETWEEN 0 AND 16777215
    $$
    """,
    """
    CREATE FUNCTION search_text(its action, rule text, title text, subject text, because text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT ' ' || search_part(left(concat_ws(' ', rule, title, its.action_id, its.piid, its.modification,
            '$' || its.amount, (
                SELECT string_agg(concat_ws(' ', each ->> 'name', each ->> 'uei', each ->> 'cage'), ' ')
                FROM jsonb_array_elements(its.vendors) AS each),
            subject, because, its.description), 100000))
    $$
    """,
)

# As in 1.0015, but for the search.
DESCRIBE = """
    CREATE OR REPLACE FUNCTION describe_flag() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        its action%ROWTYPE;
        earlier flag%ROWTYPE;
    BEGIN
        SELECT * INTO STRICT its FROM action WHERE action_id = NEW.action_id;
        NEW.action_type := its.action_type;
        NEW.vendors := ARRAY(SELECT DISTINCT jsonb_array_elements(its.vendors) ->> 'name' ORDER BY 1);
        NEW.search := search_text(its, NEW.rule, NEW.title, NEW.subject, NEW.because);
        SELECT * INTO earlier FROM flag
        WHERE action_id = NEW.action_id AND rule = NEW.rule AND subject = NEW.subject
            AND NOT EXISTS (SELECT FROM flag AS later WHERE later.previous = flag.flag_id)
        ORDER BY previous IS NULL, raised_at DESC LIMIT 1 FOR NO KEY UPDATE;
        NEW.previous := earlier.flag_id;
        NEW.carried_version := coalesce(earlier.version, 0);
        IF earlier.flag_id IS NOT NULL THEN
            NEW.assignee := earlier.assignee;
        END IF;
        NEW.answered_by := NULL;
        IF earlier.status IN ('confirmed', 'referred') THEN
            NEW.status := earlier.status;
            NEW.decision := earlier.decision;
            NEW.decided_at := earlier.decided_at;
        ELSIF earlier.status IN ('closed', 'awaiting_concurrence') THEN
            NEW.answered_by := earlier.flag_id;
        ELSIF NOT EXISTS (
            SELECT FROM review_event
            WHERE flag_id = earlier.flag_id AND kind IN ('decided', 'declined', 'undone')
        ) THEN
            -- Of other actions, only what holds for any action: a document or a determination is for one.
            NEW.answered_by := coalesce(
                (SELECT flag_id FROM flag WHERE flag_id = earlier.answered_by AND action_id = NEW.action_id),
                (SELECT flag_id FROM flag
                WHERE fact_key = NEW.fact_key AND decision = 'not_a_discrepancy' AND status = 'closed'
                ORDER BY decided_at DESC LIMIT 1));
        END IF;
        RETURN NEW;
    END $$
"""

TABLES = (
    "DROP TRIGGER columns_stay ON flag",
    "ALTER TABLE flag DROP COLUMN search",
    "ALTER TABLE flag ADD COLUMN search varchar NOT NULL DEFAULT ''",
    "ALTER TABLE flag DISABLE TRIGGER USER",
    """
    UPDATE flag SET search = search_text(action, rule, title, subject, because)
    FROM action WHERE action.action_id = flag.action_id
    """,
    "ALTER TABLE flag ENABLE TRIGGER USER",
    # A search reads the list of entries that wait to be sorted in, so it must be short.
    "CREATE INDEX ix_flag_search ON flag USING gin (search_pieces(search)) WITH (gin_pending_list_limit = 512)",
    # Nothing is known of what is in the index, which is searched where the text alone would take too long.
    "ALTER INDEX ix_flag_search ALTER COLUMN 1 SET STATISTICS 0",
    # The queue grouped by action.
    "CREATE INDEX ix_flag_action ON flag (action_id, severity, raised_at, flag_id, status) WHERE current",
    """
    CREATE TRIGGER columns_stay BEFORE UPDATE OF flag_id, run_id, attempt, action_id, rule, rule_version, title,
        severity, subject, because, authority_codified, authority_rfo, match_score, match_compared, recommended,
        raised_at, fact_key, systems, action_type, vendors, search, answered_by, arrived, previous, carried_version
        ON flag
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('this column is written once')
    """,
)

GRANTS = (
    "REVOKE ALL ON FUNCTION search_part, search_pieces, search_query, search_text FROM PUBLIC",
    # Also because what officers change of a flag renews its entries in the index.
    "GRANT EXECUTE ON FUNCTION search_part, search_pieces, search_query TO triage_app",
)


def upgrade() -> None:
    for statement in (*FUNCTIONS, DESCRIBE, *TABLES, *GRANTS):
        op.execute(statement)
