"""Makes the nodes of a lineage from the records of a flag and its run."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.credentials.ending import Endings
from app.credentials.tables import CallRow, CredentialRow, DenialRow
from app.procurement.labels import KINDS, SOURCES, lasting, worded
from app.review.queries import FlagPage, ValueLineage
from app.web.flag_page.node import Node, NodeFact, ended, handles, in_short, unrecorded
from app.web.flag_page.vault_lines import of_credential, of_login
from app.web.vault_side import VaultSide

#: Characters of an id that tell it from others on the page.
_SHORT = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Nodes:
    """Makes the nodes of one flag."""

    page: FlagPage
    vault: VaultSide
    endings: Endings
    credentials: Sequence[CredentialRow]

    def value(self, line: ValueLineage) -> Node:
        """A compared value."""
        value, system = line.value, worded(SOURCES, line.value.source)
        record = (NodeFact(term="Record", code=value.record_key),) if value.record_key else ()
        return Node(
            id=f"value-{value.position}",
            kind="value",
            title=f"Value of {system}",
            name=value.value,
            facts=(NodeFact(term="Stated as", text=value.label), *record),
            short=(system, value.label),
            value=line,
        )

    def nothing(self, source: str, system: str) -> Node:
        """What stands in the place of a value if a system stated none."""
        return Node(
            id=f"asked-{source}",
            kind="value",
            title=f"Value of {system}",
            name="nothing relevant",
            short=(system,),
        )

    def answer(self, call: CallRow | None, tool: str) -> Node:
        """The answer to a call."""
        title = f"Answer of {worded(SOURCES, tool)}"
        if call is None:
            return unrecorded(f"answer-of-{tool}", "answer", title, "No answer", "no answer is recorded")
        error = (NodeFact(term="Problem", text=call.error),) if call.error else ()
        digest = (NodeFact(term="SHA-256", code=call.answer_digest),) if call.answer_digest else ()
        status = "no answer" if not call.status else f"status {call.status}"
        return Node(
            id=f"answer-{call.call_id}",
            kind="answer",
            title=title,
            name=f"{call.answer_bytes:,} bytes",
            facts=(NodeFact(term="Status", text=status), *error, *digest),
            short=(status, *([f"SHA-256 {call.answer_digest[:6]}…"] if call.answer_digest else [])),
            call=call,
        )

    def call(self, call: CallRow | None, tool: str) -> Node:
        """A call to a tool."""
        title = f"Call to {worded(SOURCES, tool)}"
        if call is None:
            return unrecorded(f"call-of-{tool}", "call", title, "No call", "no call is recorded")
        return Node(
            id=f"call-{call.call_id}",
            kind="call",
            title=title,
            name=call.operation,
            facts=(
                NodeFact(term="Started", at=call.started_at),
                NodeFact(term="Duration", text=f"{call.latency_ms:.0f} ms"),
            ),
            short=(("at", call.started_at), f"took {call.latency_ms:.0f} ms"),
        )

    def credential(self, credential: CredentialRow | None, tool: str) -> Node:
        """The credential that a call was made with."""
        system = worded(SOURCES, tool)
        if credential is None:
            return unrecorded(
                f"credential-of-{tool}",
                "credential",
                f"Credential for {system}",
                "No credential",
                "no credential is recorded",
            )
        ending = self.endings.of_credential(credential)
        return Node(
            id=f"credential-{credential.credential_id}",
            kind="credential",
            title=f"Credential for {system}",
            name=worded(KINDS, credential.kind),
            facts=(
                NodeFact(term="Scope", code=credential.scope),
                NodeFact(term="Issued", at=credential.issued_at),
                NodeFact(term="TTL", text=lasting(credential.expires_at - credential.issued_at)),
                ended(ending, credential.issued_at, leased=credential.kind != "signed-token"),
                *handles(credential),
                NodeFact(term="SHA-256 fingerprint", code=credential.fingerprint),
                NodeFact(term="Allowed path", code=credential.vault_path),
            ),
            short=(credential.scope, ("issued", credential.issued_at), in_short(ending)),
            vault=tuple(of_credential(credential, self.vault)),
        )

    def refused(self, denial: DenialRow) -> tuple[Node, ...]:
        """What follows a value where the vault refused the credential."""
        return (
            self.answer(None, denial.tool),
            self.call(None, denial.tool),
            Node(
                id=f"denial-{denial.tool}",
                kind="credential",
                title=f"Credential for {worded(SOURCES, denial.tool)}",
                name="Refused",
                facts=(
                    NodeFact(term="Refused path", code=denial.vault_path),
                    NodeFact(term="Refused", at=denial.refused_at, after=denial.reason),
                ),
                short=(("refused", denial.refused_at), denial.reason),
                missing=f"the vault refused {denial.vault_path}",
            ),
            *self.shared(),
        )

    def shared(self) -> tuple[Node, ...]:
        """Policy, identity and run, which all values of a flag share."""
        return self._policy(), self._identity(), self._run()

    def _policy(self) -> Node:
        attempt = self.page.attempt
        policy = (attempt.policy if attempt else None) or next(
            (each.policy for each in self.credentials), None
        )
        if policy is None:
            return unrecorded("policy", "policy", "Policy", "No policy", "no policy is recorded")
        paths = sorted({each.vault_path for each in self.credentials})
        return Node(
            id="policy",
            kind="policy",
            title="Policy",
            name=policy,
            facts=tuple(NodeFact(term="Allowed", code=path) for path in paths),
            short=(f"allowed {len(paths)} {'path' if len(paths) == 1 else 'paths'}",),
        )

    def _identity(self) -> Node:
        attempt = self.page.attempt
        if attempt is None or attempt.token_issued_at is None:
            return unrecorded("identity", "identity", "Identity", "No login", "no login is recorded")
        end = self.endings.of_token(attempt)
        return Node(
            id="identity",
            kind="identity",
            title="Identity",
            name=f"Entity {(attempt.entity_id or 'unknown')[:_SHORT]}…",
            facts=(
                NodeFact(term="Logged in", at=attempt.token_issued_at),
                NodeFact(term="Vault entity", code=attempt.entity_id or "unknown"),
                NodeFact(term="Run token accessor", code=attempt.token_accessor or "unknown"),
                *((ended(end, attempt.token_issued_at, leased=True),) if end else ()),
            ),
            short=(("logged in", attempt.token_issued_at), *([in_short(end)] if end else [])),
            vault=tuple(of_login(attempt, end, self.vault)),
        )

    def _run(self) -> Node:
        run, attempt = self.page.run, self.page.attempt
        claimed = (NodeFact(term="Started", at=attempt.claimed_at),) if attempt and attempt.claimed_at else ()
        return Node(
            id="run",
            kind="run",
            title="Run",
            name=f"Run {str(run.run_id)[:_SHORT]}",
            facts=(
                NodeFact(term="Action", text=self.page.action.action_id),
                NodeFact(term="Requested", at=run.requested_at, after=f"by {run.requested_by}"),
                *claimed,
                NodeFact(term="Try", text=str(self.page.flag.attempt)),
            ),
            short=(self.page.action.action_id, f"requested by {run.requested_by}", ("at", run.requested_at)),
        )
