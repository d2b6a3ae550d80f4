-- The financial ledger. Readers see two views; payments and bank data are nobody's but the owner's.

CREATE SCHEMA IF NOT EXISTS finance;

CREATE TABLE IF NOT EXISTS finance.commitment_records (
    pr_number           text NOT NULL,
    piid                text NOT NULL,
    modification_number text NOT NULL,
    amount              numeric(18, 2) NOT NULL,
    certified_by        text,
    certified_at        date,
    expires             date,
    status              text NOT NULL CHECK (status IN ('certified', 'pending', 'withdrawn')),
    tas                 text NOT NULL,
    -- Dollars above the amount that the request itself allows.
    overage             numeric(18, 2) NOT NULL,
    PRIMARY KEY (pr_number, piid, modification_number)
);
CREATE INDEX IF NOT EXISTS commitment_records_by_action
    ON finance.commitment_records (piid, modification_number);

CREATE TABLE IF NOT EXISTS finance.obligation_records (
    document_number     text NOT NULL,
    piid                text NOT NULL,
    modification_number text NOT NULL,
    acrn                text NOT NULL,
    clin                text NOT NULL,
    vendor_uei          text NOT NULL,
    tas                 text NOT NULL,
    fund_type           text NOT NULL CHECK (fund_type IN ('annual', 'multi-year', 'no-year')),
    fund_status         text NOT NULL CHECK (fund_status IN ('current', 'expired', 'cancelled')),
    cancel_date         date,
    object_class        text NOT NULL,
    program_activity    text NOT NULL,
    fiscal_year         integer NOT NULL,
    obligated           numeric(18, 2) NOT NULL,
    expended            numeric(18, 2) NOT NULL,
    deobligated         numeric(18, 2) NOT NULL,
    gl_post_date        date NOT NULL,
    PRIMARY KEY (document_number, acrn, clin)
);
CREATE INDEX IF NOT EXISTS obligation_records_by_action
    ON finance.obligation_records (piid, modification_number);

CREATE TABLE IF NOT EXISTS finance.payments (
    voucher_number  text PRIMARY KEY,
    document_number text NOT NULL,
    vendor_uei      text NOT NULL,
    amount          numeric(18, 2) NOT NULL,
    paid_on         date NOT NULL
);

CREATE TABLE IF NOT EXISTS finance.vendor_banking (
    vendor_uei     text PRIMARY KEY,
    routing_number text NOT NULL,
    account_number text NOT NULL
);

-- Views run with their owner's rights, so a reader needs none on the tables behind them.
CREATE OR REPLACE VIEW finance.commitments AS
    SELECT pr_number, piid, modification_number, amount, certified_by, certified_at, expires, status, tas,
           overage
    FROM finance.commitment_records;

CREATE OR REPLACE VIEW finance.obligation_lines AS
    SELECT document_number, piid, modification_number, acrn, clin, vendor_uei, tas, fund_type, fund_status,
           cancel_date, object_class, program_activity, fiscal_year, obligated, expended, deobligated,
           (obligated - deobligated - expended)::numeric(18, 2) AS unliquidated, gl_post_date
    FROM finance.obligation_records;

REVOKE ALL ON SCHEMA finance FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA finance FROM PUBLIC, ledger_reader;
GRANT USAGE ON SCHEMA finance TO ledger_reader;
GRANT SELECT ON finance.commitments, finance.obligation_lines TO ledger_reader;
