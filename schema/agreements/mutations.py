"""Mutations of agreements: GraphQL in, an action in one transaction, a payload out."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import strawberry

from schema.access import Permission
from schema.agreement_reach import AgreementReachArguments
from schema.agreements.activity import RecordActivity
from schema.agreements.answer import Answer as AnswerDelivery
from schema.agreements.answer import unknown_delivery
from schema.agreements.decline import Decline
from schema.agreements.deliver import Deliver
from schema.agreements.end import Complete, Terminate
from schema.agreements.inputs import (
    CompleteAgreementInput,
    ConfirmDeliveryInput,
    DeclineAgreementInput,
    DisputeDeliveryInput,
    ProposeAgreementInput,
    RecordActivityInput,
    RecordDeliveryInput,
    RenewAgreementInput,
    ReviseAgreementInput,
    SignAgreementInput,
    SubmitAgreementInput,
    TerminateAgreementInput,
)
from schema.agreements.outcome import Concluded, unknown_agreement
from schema.agreements.propose import Propose, Submit
from schema.agreements.renew import Renew
from schema.agreements.revise import Revise
from schema.agreements.sign import Sign
from schema.agreements.types import AgreementType
from schema.context import Context
from schema.entries import find_city, row_named
from schema.fields import derived, relation
from schema.ids import GlobalId
from schema.loaders.agreement import AgreementById
from schema.mutations import (
    Answer,
    RefusalType,
    answer,
    mutation,
    refusals,
    written,
)
from schema.work import Action
from tenants.definition import Definition
from tenants.registry import Registry


def _agreement() -> Any:
    """The `agreement` field of a payload."""
    return relation(
        AgreementById,
        "协议(本市这一份);预演新协议或未予办理时为空 | the agreement, your city's copy; null where "
        "nothing was carried out, and for a rehearsed new one",
        key=lambda root: root.outcome and (root.outcome.tenant_id, root.outcome.agreement),
        arguments=AgreementReachArguments,
    )


def _delivery_id(root: Answer[Concluded]) -> strawberry.ID | None:
    outcome = root.outcome
    if outcome is None or outcome.delivery is None:
        return None
    return strawberry.ID(str(GlobalId("Delivery", outcome.tenant_id, outcome.delivery.hex)))


def _delivery() -> Any:
    """The `deliveryId` field of a payload."""
    return derived(
        _delivery_id,
        "兑现记录的编号;未予办理,或预演登记时为空 | id of the delivery; null where nothing was "
        "carried out, and for a rehearsed new one",
    )


@strawberry.type(name="ProposeAgreementPayload", description="提出协议的结果。 | What it gave.")
class ProposeAgreementPayload:
    """Of an `Answer` with a `Concluded`."""

    agreement: AgreementType | None = _agreement()
    refusals: list[RefusalType] = refusals()


@strawberry.type(name="SignAgreementPayload", description="签署的结果。 | What signing gave.")
class SignAgreementPayload:
    """Of an `Answer` with a `Concluded`."""

    agreement: AgreementType | None = _agreement()
    refusals: list[RefusalType] = refusals()


@strawberry.type(
    name="AgreementPayload", description="办理协议的结果。 | What changing an agreement gave."
)
class AgreementPayload:
    """Of an `Answer` with a `Concluded`."""

    agreement: AgreementType | None = _agreement()
    refusals: list[RefusalType] = refusals()


@strawberry.type(
    name="RecordDeliveryPayload", description="登记兑现的结果。 | What recording a delivery gave."
)
class RecordDeliveryPayload:
    """Of an `Answer` with a `Concluded`."""

    agreement: AgreementType | None = _agreement()
    delivery_id: strawberry.ID | None = _delivery()
    refusals: list[RefusalType] = refusals()


@strawberry.type(
    name="AnswerDeliveryPayload", description="回应兑现的结果。 | What answering a delivery gave."
)
class AnswerDeliveryPayload:
    """Of an `Answer` with a `Concluded`."""

    agreement: AgreementType | None = _agreement()
    delivery_id: strawberry.ID | None = _delivery()
    refusals: list[RefusalType] = refusals()


COST = 30
"""Points of a change in the copies of two cities: some 6 ms."""

PROPOSAL_COST = 50
"""Points of a proposal, so that nobody floods another city with them."""

Run = Callable[[Context, Any, bool], Awaitable[Answer[Concluded]]]
Make = Callable[[Registry, uuid.UUID, Any], Action[Concluded]]
"""Makes an action of the cities, the UUID of what the input names, and the input."""


async def _propose(
    context: Context, given: ProposeAgreementInput, dry_run: bool
) -> Answer[Concluded]:
    parties = tuple((str(party.city), str(party.organization)) for party in given.parties)
    action = Propose(
        context.registry, given.organization, parties, given.terms(), given.alliance, given.draft
    )
    return await _write(context, find_city(context, given.city), action, dry_run)


def _on_agreement(make: Make) -> Run:
    """What a mutation runs whose input names an `agreement`."""

    async def run(context: Context, given: Any, dry_run: bool) -> Answer[Concluded]:
        named = row_named(context, given.agreement, "Agreement")
        if named is None:
            return answer(unknown_agreement())
        definition, agreement = named
        action = make(context.registry, agreement, given)
        return await _write(context, definition, action, dry_run)

    return run


def _on_delivery(make: Make) -> Run:
    """What a mutation runs whose input names a `delivery`."""

    async def run(context: Context, given: Any, dry_run: bool) -> Answer[Concluded]:
        named = row_named(context, given.delivery, "Delivery")
        if named is None:
            return answer(unknown_delivery())
        definition, delivery = named
        action = make(context.registry, delivery, given)
        return await _write(context, definition, action, dry_run)

    return run


async def _record(context: Context, given: RecordDeliveryInput, dry_run: bool) -> Answer[Concluded]:
    done = await _on_agreement(_deliver)(context, given, dry_run)
    if dry_run and done.outcome is not None:  # there will be no such delivery
        return Answer(replace(done.outcome, delivery=None))
    return done


async def _write(
    context: Context, definition: Definition, action: Action[Concluded], dry_run: bool
) -> Answer[Concluded]:
    return await written(context, definition, Permission.MANAGE_AGREEMENTS, action, dry_run)


def _submit(registry: Registry, agreement: uuid.UUID, given: SubmitAgreementInput) -> Submit:
    return Submit(registry, agreement)


def _revise(registry: Registry, agreement: uuid.UUID, given: ReviseAgreementInput) -> Revise:
    added = tuple(str(code) for code in given.add_parties)
    return Revise(registry, agreement, given.revision, given.terms(), added)


def _sign(registry: Registry, agreement: uuid.UUID, given: SignAgreementInput) -> Sign:
    return Sign(agreement, given.content_hash, given.party)


def _decline(registry: Registry, agreement: uuid.UUID, given: DeclineAgreementInput) -> Decline:
    return Decline(agreement, given.reason, given.party)


def _complete(registry: Registry, agreement: uuid.UUID, given: CompleteAgreementInput) -> Complete:
    return Complete(agreement, given.reason)


def _terminate(
    registry: Registry, agreement: uuid.UUID, given: TerminateAgreementInput
) -> Terminate:
    return Terminate(agreement, given.reason)


def _renew(registry: Registry, agreement: uuid.UUID, given: RenewAgreementInput) -> Renew:
    return Renew(registry, agreement, given.starts_on, given.ends_on)


def _deliver(registry: Registry, agreement: uuid.UUID, given: RecordDeliveryInput) -> Deliver:
    return Deliver(
        agreement,
        given.commitment,
        given.delivered_on,
        given.quantity,
        given.funds,
        given.text,
        tuple(given.evidence),
        given.party,
    )


def _confirm(
    registry: Registry, delivery: uuid.UUID, given: ConfirmDeliveryInput
) -> AnswerDelivery:
    return AnswerDelivery(delivery, None, given.party)


def _dispute(
    registry: Registry, delivery: uuid.UUID, given: DisputeDeliveryInput
) -> AnswerDelivery:
    return AnswerDelivery(delivery, given.reason, given.party)


def _activity(
    registry: Registry, agreement: uuid.UUID, given: RecordActivityInput
) -> RecordActivity:
    return RecordActivity(
        agreement,
        given.kind,
        given.subject,
        given.held_on,
        given.way,
        tuple(given.parties),
        given.funds,
        given.solved,
        given.text,
    )


@strawberry.type
class AgreementMutations:
    """The part of `Mutation` that changes agreements."""

    propose_agreement: ProposeAgreementPayload | None = mutation(
        _propose,
        "提出协议(或存为草案);各方所在市各得一份 | propose an agreement, or draft it; the city of "
        "every party gets its copy",
        takes=ProposeAgreementInput,
        cost=PROPOSAL_COST,
    )
    submit_agreement: AgreementPayload | None = mutation(
        _on_agreement(_submit),
        "把草案提交各方 | propose a draft to its parties",
        takes=SubmitAgreementInput,
        cost=COST,
    )
    revise_agreement: AgreementPayload | None = mutation(
        _on_agreement(_revise),
        "修改内容:成为新的一版,各方重新签署,签成之前原版继续有效;草案就地修改 | give it a new "
        "content: a version that every party signs again, until when the agreed one stays in "
        "force; a draft is changed in place",
        takes=ReviseAgreementInput,
        cost=COST,
    )
    sign_agreement: SignAgreementPayload | None = mutation(
        _on_agreement(_sign),
        "签署所见的内容;各方均签署后生效 | sign the content that was seen; when all have, it is "
        "agreed",
        takes=SignAgreementInput,
        cost=COST,
    )
    decline_agreement: AgreementPayload | None = mutation(
        _on_agreement(_decline),
        "拒签;有已签成的一版则回到该版 | decline what is to be signed; where a version is agreed, "
        "that one stands again",
        takes=DeclineAgreementInput,
        cost=COST,
    )
    complete_agreement: AgreementPayload | None = mutation(
        _on_agreement(_complete),
        "完成协议 | complete an agreement",
        takes=CompleteAgreementInput,
        cost=COST,
    )
    terminate_agreement: AgreementPayload | None = mutation(
        _on_agreement(_terminate),
        "终止协议 | terminate an agreement",
        takes=TerminateAgreementInput,
        cost=COST,
    )
    renew_agreement: AgreementPayload | None = mutation(
        _on_agreement(_renew),
        "续签:以原内容、新期限提出新协议,给出的是新协议 | renew: propose another agreement, which "
        "the payload has, with the same content for a new term",
        takes=RenewAgreementInput,
        cost=PROPOSAL_COST,
    )
    record_delivery: RecordDeliveryPayload | None = mutation(
        _record,
        "登记兑现,由另一方确认 | record what was delivered on a commitment, for another party to "
        "confirm",
        takes=RecordDeliveryInput,
        cost=COST,
    )
    confirm_delivery: AnswerDeliveryPayload | None = mutation(
        _on_delivery(_confirm),
        "确认另一方的兑现 | confirm a delivery of another party",
        takes=ConfirmDeliveryInput,
        cost=COST,
    )
    dispute_delivery: AnswerDeliveryPayload | None = mutation(
        _on_delivery(_dispute),
        "对另一方的兑现提出异议 | dispute a delivery of another party",
        takes=DisputeDeliveryInput,
        cost=COST,
    )
    record_activity: AgreementPayload | None = mutation(
        _on_agreement(_activity),
        "登记会商或活动 | record a meeting or what the parties did together",
        takes=RecordActivityInput,
        cost=COST,
    )
