/// The ledger's tables. A migration, once released, is never edited: a change is a new one.
///
/// Moments are milliseconds since 1970. `body` holds the core's value as JSON; the columns beside it
/// are those that constraints and queries need. What must never happen is refused by the schema, so
/// that a mistake in the code above it stops a transaction instead of a model. It is written in SQLite's words;
/// `PostgresSchema` has PostgreSQL's for them.
enum Schema {
    static let migrations: [(name: String, sql: String)] = [("the main job", mainJob)]

    private static let mainJob = """
        -- An endpoint has something to decide at due_at even if nothing happens until then.
        CREATE TABLE endpoints (
            name TEXT NOT NULL PRIMARY KEY,
            release_count INTEGER NOT NULL DEFAULT 0,
            opening_count INTEGER NOT NULL DEFAULT 0,
            -- Who asked for the wanted set to be released, even though it ended before.
            triggered_by TEXT,
            -- Since when a release waits to be composed because packages are still being looked at.
            folding_since INTEGER,
            due_at INTEGER
        ) STRICT;

        -- A target model, from when the group that feeds it was first listed. Until then no event about
        -- the group is acted on, so that the versions of before Sluice are not taken for decisions.
        CREATE TABLE targets (
            endpoint TEXT NOT NULL REFERENCES endpoints (name),
            target TEXT NOT NULL,
            package_group TEXT NOT NULL,
            first_seen_at INTEGER NOT NULL,
            PRIMARY KEY (endpoint, target, package_group)
        ) STRICT;

        -- Every version of the registry that was seen, as it was last seen.
        CREATE TABLE packages (
            arn TEXT NOT NULL PRIMARY KEY,
            package_group TEXT NOT NULL,
            version INTEGER NOT NULL,
            status TEXT NOT NULL,
            image TEXT,
            artifact TEXT,
            problem TEXT,
            modified_at INTEGER NOT NULL,
            modified_by TEXT,
            looked_at INTEGER
        ) STRICT;
        CREATE INDEX packages_by_group ON packages (package_group);

        -- Packages to be looked at. `asked` counts the askers, so that one who asks during a look is not
        -- answered by it.
        CREATE TABLE looks (
            package TEXT NOT NULL PRIMARY KEY,
            package_group TEXT NOT NULL,
            asked INTEGER NOT NULL DEFAULT 1,
            failures INTEGER NOT NULL DEFAULT 0,
            trouble TEXT,
            due_at INTEGER NOT NULL,
            claim_until INTEGER
        ) STRICT;
        CREATE INDEX looks_due ON looks (due_at);

        -- Groups that cannot be listed now, and why: their approvals wait unseen.
        CREATE TABLE unlisted_groups (
            endpoint TEXT NOT NULL REFERENCES endpoints (name),
            package_group TEXT NOT NULL,
            trouble TEXT NOT NULL,
            since INTEGER NOT NULL,
            PRIMARY KEY (endpoint, package_group)
        ) STRICT;

        -- Organizational units that an endpoint is deployed to the accounts of, and why one cannot be read, where
        -- it cannot. The endpoint need not be decided about here yet.
        CREATE TABLE units (
            endpoint TEXT NOT NULL,
            unit TEXT NOT NULL,
            trouble TEXT,
            PRIMARY KEY (endpoint, unit)
        ) STRICT;

        -- The accounts that a unit was last seen to have, and how each was.
        CREATE TABLE unit_accounts (
            unit TEXT NOT NULL,
            account TEXT NOT NULL,
            state TEXT NOT NULL,
            PRIMARY KEY (unit, account)
        ) STRICT;

        -- An approval is (version, endpoint, decision time) and ends exactly once.
        CREATE TABLE approvals (
            endpoint TEXT NOT NULL REFERENCES endpoints (name),
            target TEXT NOT NULL,
            package TEXT NOT NULL,
            decided_at INTEGER NOT NULL,
            decided_by TEXT,
            release TEXT,
            ending TEXT CHECK (ending IN ('released', 'failed', 'errored', 'refused', 'aborted', 'superseded')),
            reason TEXT,
            ended_at INTEGER,
            PRIMARY KEY (endpoint, target, package, decided_at),
            CHECK ((ending IS NULL) = (ended_at IS NULL))
        ) STRICT;
        CREATE INDEX approvals_open ON approvals (endpoint) WHERE ending IS NULL;
        CREATE TRIGGER approvals_end_once BEFORE UPDATE ON approvals WHEN OLD.ending IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'an approval ends once'); END;

        CREATE TABLE releases (
            id TEXT NOT NULL PRIMARY KEY,
            endpoint TEXT NOT NULL REFERENCES endpoints (name),
            digest TEXT NOT NULL CHECK (length(digest) = 64),
            number INTEGER NOT NULL CHECK (number > 0),
            opening INTEGER NOT NULL CHECK (opening > 0),
            state TEXT NOT NULL CHECK (state IN
                ('waiting', 'rolling', 'released', 'failed', 'errored', 'refused', 'aborted', 'superseded')),
            ended_at INTEGER,
            body TEXT NOT NULL,
            UNIQUE (endpoint, digest),
            UNIQUE (endpoint, number),
            UNIQUE (endpoint, opening),
            CHECK ((state IN ('waiting', 'rolling')) = (ended_at IS NULL))
        ) STRICT;
        CREATE INDEX releases_open ON releases (endpoint) WHERE ended_at IS NULL;

        -- One try in one account. Claims are leases: a write counts only under the term it was given.
        CREATE TABLE attempts (
            release TEXT NOT NULL REFERENCES releases (id),
            account TEXT NOT NULL,
            number INTEGER NOT NULL CHECK (number > 0),
            endpoint TEXT NOT NULL,
            opening INTEGER NOT NULL,
            state TEXT NOT NULL,
            config TEXT,
            due_at INTEGER,
            ended_at INTEGER,
            body TEXT NOT NULL,
            tries INTEGER NOT NULL DEFAULT 0,
            claimant TEXT,
            claim_term INTEGER NOT NULL DEFAULT 0,
            claim_until INTEGER,
            PRIMARY KEY (release, account, number),
            CHECK ((state IN ('verified', 'failed', 'errored', 'aborted')) = (ended_at IS NOT NULL)),
            CHECK ((claimant IS NULL) = (claim_until IS NULL))
        ) STRICT;
        -- One update at a time per endpoint per account.
        CREATE UNIQUE INDEX attempts_one_at_a_time ON attempts (endpoint, account) WHERE ended_at IS NULL;
        CREATE INDEX attempts_due ON attempts (due_at) WHERE ended_at IS NULL;
        CREATE INDEX attempts_by_config ON attempts (account, config);

        -- What an artifact was when a release first looked. Nothing but a missing SHA-256 is ever filled in.
        CREATE TABLE pins (
            package TEXT NOT NULL PRIMARY KEY,
            url TEXT NOT NULL,
            owner TEXT NOT NULL,
            version_id TEXT,
            etag TEXT NOT NULL,
            size INTEGER NOT NULL CHECK (size > 0),
            -- NULL for what is copied whole. Where it is copied in parts, sha256 is that of the parts' own.
            part_size INTEGER CHECK (part_size > 0),
            sha256 TEXT CHECK (sha256 IS NULL OR length(sha256) = 64)
        ) STRICT;
        CREATE TRIGGER pins_never_change BEFORE UPDATE ON pins
        WHEN OLD.sha256 IS NOT NULL OR NEW.package <> OLD.package OR NEW.url <> OLD.url
            OR NEW.owner <> OLD.owner OR NEW.version_id IS DISTINCT FROM OLD.version_id OR NEW.etag <> OLD.etag
            OR NEW.size <> OLD.size OR NEW.part_size IS DISTINCT FROM OLD.part_size
        BEGIN SELECT RAISE(ABORT, 'a pin never changes'); END;

        -- The artifacts under a release's own prefix in an account.
        CREATE TABLE copies (
            release TEXT NOT NULL,
            account TEXT NOT NULL,
            target TEXT NOT NULL,
            url TEXT NOT NULL,
            version_id TEXT,
            etag TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            PRIMARY KEY (release, account, target)
        ) STRICT;

        -- Keys that copies in parts were begun under since, which may have left uploads there.
        CREATE TABLE uploads (
            release TEXT NOT NULL,
            account TEXT NOT NULL,
            url TEXT NOT NULL,
            begun_at INTEGER NOT NULL,
            PRIMARY KEY (release, account, url)
        ) STRICT;

        -- What each account was last seen to serve, verified.
        CREATE TABLE serving (
            endpoint TEXT NOT NULL,
            account TEXT NOT NULL,
            release TEXT NOT NULL REFERENCES releases (id),
            settings TEXT NOT NULL,
            config TEXT NOT NULL,
            since INTEGER NOT NULL,
            -- Whether it holds a rejected version and there is nothing to go back to.
            stranded INTEGER NOT NULL DEFAULT 0 CHECK (stranded IN (0, 1)),
            -- AWS's own time of the endpoint's last change, as it was last seen.
            modified_at INTEGER,
            -- What is live instead of the config, where somebody switched it past Sluice.
            drift TEXT,
            PRIMARY KEY (endpoint, account)
        ) STRICT;

        -- What each account verified, in the order of the first time: the ways back.
        CREATE TABLE verified (
            id INTEGER PRIMARY KEY,
            endpoint TEXT NOT NULL,
            account TEXT NOT NULL,
            release TEXT NOT NULL REFERENCES releases (id),
            settings TEXT NOT NULL,
            config TEXT NOT NULL,
            at INTEGER NOT NULL,
            UNIQUE (endpoint, account, config)
        ) STRICT;

        CREATE TABLE bars (
            endpoint TEXT NOT NULL,
            target TEXT NOT NULL,
            package TEXT NOT NULL,
            reason TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (endpoint, target, package)
        ) STRICT;

        -- stage is empty for a hold on the whole endpoint.
        CREATE TABLE holds (
            endpoint TEXT NOT NULL,
            stage TEXT NOT NULL,
            by TEXT NOT NULL,
            reason TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (endpoint, stage)
        ) STRICT;

        -- A person counts once per release, opening and stage; an override stands beside their approval.
        CREATE TABLE consents (
            release TEXT NOT NULL REFERENCES releases (id),
            opening INTEGER NOT NULL,
            stage TEXT NOT NULL,
            person TEXT NOT NULL,
            sender TEXT NOT NULL,
            reason TEXT NOT NULL,
            settings TEXT NOT NULL,
            override INTEGER NOT NULL CHECK (override IN (0, 1)),
            at INTEGER NOT NULL,
            PRIMARY KEY (release, opening, stage, person, override)
        ) STRICT;

        -- The latest answer of each of the team's own checks.
        CREATE TABLE attestations (
            release TEXT NOT NULL REFERENCES releases (id),
            opening INTEGER NOT NULL,
            stage TEXT NOT NULL,
            check_name TEXT NOT NULL,
            verdict TEXT NOT NULL CHECK (verdict IN ('passed', 'failed', 'inconclusive', 'errored')),
            sender TEXT NOT NULL,
            reason TEXT NOT NULL,
            evidence TEXT,
            at INTEGER NOT NULL,
            PRIMARY KEY (release, opening, stage, check_name)
        ) STRICT;

        -- Where a release was verified, where other workers have a part in it. The sender is who handed it over,
        -- NULL where this worker verified it; the account is its twelve digits.
        CREATE TABLE evidence (
            release TEXT NOT NULL REFERENCES releases (id),
            stage TEXT NOT NULL,
            account TEXT NOT NULL,
            verified_at INTEGER NOT NULL,
            checks TEXT NOT NULL,
            sender TEXT,
            at INTEGER NOT NULL,
            PRIMARY KEY (release, stage, account)
        ) STRICT;

        -- Releases that are handed over to other accounts' workers: owed while due_at is there, then sent.
        CREATE TABLE handoffs (
            id TEXT NOT NULL PRIMARY KEY,
            release TEXT NOT NULL REFERENCES releases (id),
            stage TEXT NOT NULL,
            account TEXT NOT NULL,
            queue TEXT NOT NULL,
            body TEXT NOT NULL,
            at INTEGER NOT NULL,
            failures INTEGER NOT NULL DEFAULT 0,
            trouble TEXT,
            due_at INTEGER,
            sent_at INTEGER,
            CHECK ((due_at IS NULL) = (sent_at IS NOT NULL))
        ) STRICT;
        CREATE INDEX handoffs_due ON handoffs (due_at);
        CREATE INDEX handoffs_by_release ON handoffs (release);

        -- Releases that other workers hand over, while their packages and artifacts are still to be read here.
        CREATE TABLE handoffs_received (
            key TEXT NOT NULL PRIMARY KEY,
            endpoint TEXT NOT NULL,
            release TEXT NOT NULL,
            message_id TEXT NOT NULL,
            message TEXT NOT NULL,
            body BLOB NOT NULL,
            at INTEGER NOT NULL,
            failures INTEGER NOT NULL DEFAULT 0,
            trouble TEXT,
            due_at INTEGER NOT NULL
        ) STRICT;

        -- Alarms that releases wait for, to be looked at; `names` is a JSON array.
        CREATE TABLE alarm_watches (
            endpoint TEXT NOT NULL REFERENCES endpoints (name),
            account TEXT NOT NULL,
            names TEXT NOT NULL,
            due_at INTEGER NOT NULL,
            failures INTEGER NOT NULL DEFAULT 0,
            trouble TEXT,
            retry_at INTEGER,
            claim_until INTEGER,
            PRIMARY KEY (endpoint, account)
        ) STRICT;
        CREATE INDEX alarm_watches_due ON alarm_watches (due_at);

        -- What each alarm was last seen to be.
        CREATE TABLE alarms (
            account TEXT NOT NULL,
            name TEXT NOT NULL,
            state TEXT NOT NULL,
            since INTEGER,
            seen_at INTEGER NOT NULL,
            PRIMARY KEY (account, name)
        ) STRICT;

        -- What people asked for. The key makes a repeated message harmless.
        CREATE TABLE requests (
            key TEXT NOT NULL PRIMARY KEY,
            action TEXT NOT NULL,
            endpoint TEXT,
            release TEXT,
            stage TEXT,
            sender TEXT NOT NULL,
            reason TEXT NOT NULL,
            verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'refused')),
            why TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX requests_by_release ON requests (release);

        -- Groups that sent an event and feed no endpoint, each recorded once.
        CREATE TABLE unserved_groups (
            package_group TEXT NOT NULL PRIMARY KEY,
            package TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;

        -- Messages that mean nothing, whole. A message received twice is one row.
        CREATE TABLE quarantine (
            id INTEGER PRIMARY KEY,
            message_id TEXT NOT NULL UNIQUE,
            received_at INTEGER NOT NULL,
            sender TEXT,
            reason TEXT NOT NULL,
            body BLOB NOT NULL
        ) STRICT;

        -- How many messages the quarantine holds and how many bytes they have, in the one row.
        CREATE TABLE quarantine_size (
            messages INTEGER NOT NULL,
            bytes INTEGER NOT NULL
        ) STRICT;
        INSERT INTO quarantine_size (messages, bytes) VALUES (0, 0);

        -- Every event, decision and effect, in order. `number` counts the lines of a chain, which is the
        -- release's, or else the endpoint's; `hash` covers the line and, through the one before it, the chain.
        CREATE TABLE journal (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            number INTEGER NOT NULL CHECK (number > 0),
            at INTEGER NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('event', 'decision', 'effect')),
            name TEXT NOT NULL,
            endpoint TEXT,
            release TEXT,
            account TEXT,
            stage TEXT,
            text TEXT NOT NULL,
            hash TEXT NOT NULL CHECK (length(hash) = 64)
        ) STRICT;
        CREATE INDEX journal_by_release ON journal (release, id);
        CREATE TRIGGER journal_is_written_once BEFORE UPDATE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is written once'); END;
        CREATE TRIGGER journal_is_kept BEFORE DELETE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is kept'); END;

        -- The last line of each chain, so that an end that was cut off is missed.
        CREATE TABLE journal_heads (
            chain TEXT NOT NULL PRIMARY KEY,
            number INTEGER NOT NULL,
            hash TEXT NOT NULL
        ) STRICT;

        -- Journal lines that are still to be announced on the configured bus; `detail` is the event's.
        CREATE TABLE announcements (
            journal_id INTEGER NOT NULL PRIMARY KEY REFERENCES journal (id),
            detail TEXT NOT NULL,
            failures INTEGER NOT NULL DEFAULT 0,
            due_at INTEGER NOT NULL
        ) STRICT;
        """
}
