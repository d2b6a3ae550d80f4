"""Statements beyond tables and functions: what every login is refused, and what works for every one and why that is harmless.

`{me}` is the login itself, `{peer}` the process id of another session of it, `{other}` the login of another process.
"""

#: Tables, and everything else that stays.
CREATING = """
CREATE TABLE x (y int)
CREATE TEMP TABLE x (y int)
CREATE TABLE pg_temp.x (y int)
SELECT 1 AS y INTO x
CREATE UNLOGGED TABLE x (y int)
CREATE VIEW x AS SELECT 1
CREATE TEMP VIEW x AS SELECT 1
CREATE MATERIALIZED VIEW x AS SELECT 1
CREATE SEQUENCE x
CREATE SCHEMA x
CREATE SCHEMA AUTHORIZATION {me}
CREATE TYPE x AS (y int)
CREATE DOMAIN x AS int
CREATE INDEX ON run (goal)
CREATE FUNCTION x() RETURNS int LANGUAGE sql RETURN 1
CREATE AGGREGATE x (int) (sfunc = int4pl, stype = int)
CREATE FUNCTION pg_temp.x() RETURNS int LANGUAGE sql RETURN 1
CREATE PROCEDURE x() LANGUAGE sql AS ''
CREATE OPERATOR + (function = int4pl, leftarg = int, rightarg = int)
CREATE COLLATION x FROM "C"
CREATE EVENT TRIGGER x ON ddl_command_start EXECUTE FUNCTION refuse_change()
DROP EXTENSION plpgsql
CREATE RULE x AS ON INSERT TO run DO NOTHING
CREATE POLICY x ON run
CREATE STATISTICS x ON run_id, goal FROM run
CREATE LANGUAGE x HANDLER plpgsql_call_handler
CREATE FOREIGN DATA WRAPPER x
CREATE CAST (int AS uuid) WITHOUT FUNCTION
CREATE PUBLICATION x FOR ALL TABLES
CREATE SUBSCRIPTION x CONNECTION '' PUBLICATION x
CREATE DATABASE x
CREATE TABLESPACE x LOCATION '/tmp'
CREATE ACCESS METHOD x TYPE TABLE HANDLER heap_tableam_handler
SELECT lo_create(0)
SELECT lo_creat(0)
SELECT lo_from_bytea(0, 'x')
SELECT lo_put(1, 0, 'x')
SELECT lo_import('/etc/passwd')
SELECT lo_export(1, '/tmp/x')
"""
#: What is there.
CHANGING = """
ALTER TABLE run DISABLE TRIGGER ALL
ALTER TABLE run ADD COLUMN x int
ALTER TABLE run OWNER TO {me}
ALTER TABLE run RENAME TO x
DROP TRIGGER only_forward ON run
ALTER TABLE run SET SCHEMA pg_temp
DROP TABLE attempt_proof
DROP SCHEMA public
DROP FUNCTION tables_version
DROP OWNED BY triage_owner
ALTER FUNCTION tables_version SECURITY INVOKER
ALTER FUNCTION tables_version RESET ALL
CREATE OR REPLACE FUNCTION tables_version() RETURNS text LANGUAGE sql RETURN 'x'
COMMENT ON TABLE run IS 'x'
ALTER SCHEMA public OWNER TO {me}
ALTER DATABASE triage SET search_path = x
ALTER DATABASE triage RENAME TO x
ALTER DATABASE triage OWNER TO {me}
DROP DATABASE ledger
REASSIGN OWNED BY triage_owner TO {me}
LOCK TABLE attempt_proof
REFRESH MATERIALIZED VIEW attempt_proof
"""
#: Roles and rights.
RIGHTS = """
CREATE ROLE x
DROP ROLE {other}
ALTER ROLE {other} PASSWORD 'x'
ALTER ROLE {other} SET search_path = x
ALTER ROLE {other} RESET ALL
ALTER ROLE {other} NOLOGIN
ALTER ROLE {me} SUPERUSER
ALTER ROLE {me} CREATEROLE
ALTER ROLE {me} CREATEDB
ALTER ROLE {me} REPLICATION
ALTER ROLE {me} BYPASSRLS
ALTER ROLE {me} NOLOGIN
ALTER ROLE {me} CONNECTION LIMIT 0
ALTER ROLE {me} VALID UNTIL '2000-01-01'
ALTER ROLE ALL SET search_path = x
ALTER ROLE {me} SET session_replication_role = replica
GRANT triage_owner TO {me}
GRANT {me} TO {other}
GRANT pg_read_all_data TO {me}
GRANT {other} TO {me}
GRANT ALL ON attempt_proof TO {me}
GRANT EXECUTE ON FUNCTION hold_attempt TO {me}
SET SESSION AUTHORIZATION triage_owner
SET SESSION AUTHORIZATION {other}
SELECT set_config('role', 'postgres', false)
ALTER DEFAULT PRIVILEGES FOR ROLE triage_owner GRANT ALL ON TABLES TO {me}
GRANT SET ON PARAMETER log_statement TO {me}
"""
#: The server.
SERVER = """
SET session_replication_role = replica
SET log_statement = 'none'
SET event_triggers = off
SET zero_damaged_pages = on
SET session_preload_libraries = 'x'
SET allow_system_table_mods = on
ALTER SYSTEM SET fsync = off
LOAD 'x'
SELECT pg_reload_conf()
SELECT pg_rotate_logfile()
SELECT pg_switch_wal()
CHECKPOINT
SELECT pg_stat_reset()
SELECT pg_create_restore_point('x')
SELECT pg_backup_start('x')
SELECT pg_promote()
SELECT pg_current_logfile()
SELECT pg_create_physical_replication_slot('x')
SELECT pg_create_logical_replication_slot('x', 'pgoutput')
SELECT pg_replication_origin_create('x')
SELECT pg_log_standby_snapshot()
SELECT pg_wal_replay_pause()
SELECT pg_terminate_backend({peer})
SELECT pg_cancel_backend({peer})
SELECT pg_log_backend_memory_contexts({peer})
COPY (SELECT 1) TO PROGRAM 'true'
COPY attempt_proof FROM PROGRAM 'true'
COPY (SELECT 1) TO '/tmp/x'
COPY attempt_proof TO STDOUT
SELECT pg_read_file('/etc/passwd')
SELECT pg_read_binary_file('PG_VERSION')
SELECT pg_ls_dir('.')
SELECT pg_stat_file('PG_VERSION')
SELECT pg_ls_logdir()
SELECT pg_ls_waldir()
SHOW hba_file
SELECT * FROM pg_authid
SELECT * FROM pg_shadow
SELECT * FROM pg_hba_file_rules
SELECT * FROM pg_file_settings
SELECT * FROM pg_config
SELECT * FROM pg_largeobject
SELECT * FROM pg_statistic
SELECT * FROM pg_user_mapping
UPDATE pg_database SET datallowconn = true
DELETE FROM pg_proc
INSERT INTO pg_auth_members SELECT * FROM pg_auth_members
SELECT pg_nextoid('pg_class', 'oid', 'pg_class_oid_index')
SELECT pg_import_system_collations('public')
"""
REFUSED = [line for text in (CREATING, CHANGING, RIGHTS, SERVER) for line in text.strip().splitlines()]

#: Why it is harmless. What it leaves in the session ends with it; what it leaves in the role is set back.
HARMLESS = {
    "ALTER ROLE {me} PASSWORD 'x'": "no right refuses it; it is set back, with an alarm",
    "ALTER ROLE {me} SET search_path = x": "no right refuses it; it is set back, with an alarm",
    "ALTER ROLE {me} IN DATABASE ledger SET lock_timeout = 1": "no right refuses it; it is set back, with an alarm",
    "ALTER ROLE {me} SET role = triage_owner": "ignored at the next login, and set back, with an alarm",
    "GRANT ALL ON SCHEMA public TO {me}": "it gives nothing that it may not give; a warning says so",
    "GRANT ALL ON DATABASE triage TO {me}": "it gives nothing that it may not give; a warning says so",
    "REVOKE EXECUTE ON FUNCTION tables_version FROM {other}": "only who gave a right takes it back; a warning says so",
    "SET ROLE {me}": "it is that already",
    "SET search_path = pg_temp": "its own session only; functions have a path of their own",
    "SET statement_timeout = 0": "its own session only",
    "SET default_transaction_read_only = on": "its own session only",
    "DO $$ BEGIN PERFORM 1; END $$": "a block has the rights of its caller",
    "DROP OWNED BY {me}": "it owns nothing, and takes back no right that others gave",
    "REVOKE ALL ON FUNCTION tables_version FROM {me}": "only who gave a right takes it back; a warning says so",
    "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC": "it makes no tables",
    "DISCARD ALL": "its own session only",
    "LISTEN x": "a notification says that there is something to look for, not what",
    "NOTIFY triage_runs": "the process that it wakes looks, and finds nothing",
    "SELECT pg_notify('triage_runs', '')": "the process that it wakes looks, and finds nothing",
    "SELECT pg_advisory_xact_lock(1)": "no program locks so in this database",
    "SELECT pg_logical_emit_message(false, 'x', 'y')": "nobody replicates from this database",
    "SELECT pg_export_snapshot()": "a snapshot gives no right",
    "SELECT pid FROM pg_stat_activity WHERE usename = '{other}'": "sessions of others, without their statements",
    "SELECT rolname FROM pg_roles": "names of roles, without passwords",
    "SELECT * FROM pg_db_role_setting": "settings of roles hold no secret",
    "SELECT prosrc FROM pg_proc WHERE proname = 'hold_attempt'": "how the fence is made is no secret",
    "ANALYZE": "of tables it may maintain, of which there are none",
    "BEGIN": "an open transaction is ended after 30 s, unless it says otherwise; it holds locks on nothing",
}
