"""Names of models: what is configured must resolve, and something of it must be reachable."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from executus.cli.doctor.finding import Finding, Patient
from executus.cli.doctor.spelling import TIER, meant_by_declaration
from executus.cli.doctor.variables import KEYS
from executus.config import Config, EnvironmentSource
from executus.model import MODEL_VARIABLE, ModelTiers
from majordomo.errors import ConfigError, MajordomoError
from majordomo.models import Listing, Source
from majordomo.models.listing import access_of
from majordomo.spec import AliasCycle

__all__ = ["examine_names", "fault_of_model"]


async def examine_names(patient: Patient) -> AsyncIterator[Finding]:
    """Look at declarations, aliases, tiers and the model of runs that name none."""
    for finding in _declarations(patient):
        yield finding
    for variable in sorted(patient.environ):
        if variable.startswith(TIER) and patient.get(variable):
            says = await fault_of_model(patient, patient.get(variable))
            if says:
                yield _unusable(variable, says)
    async for finding in _aliases(patient):
        yield finding
    async for finding in _default_model(patient):
        yield finding


def _declarations(patient: Patient) -> Iterator[Finding]:
    for listing in patient.registry.describe():
        if listing.source is not Source.VARIABLE or listing.is_alias:
            continue
        try:
            patient.registry.provider(listing.name)
        except MajordomoError as error:
            fix = f"write {listing.variable}=scheme://token@host, or unset it"
            yield Finding(
                about=listing.variable,
                says=str(error).removeprefix(f"{listing.variable}: "),
                fix=fix,
            )


async def _aliases(patient: Patient) -> AsyncIterator[Finding]:
    """Text that names no model may be a setting of another program; its value is not shown."""
    for listing in patient.registry.describe():
        if listing.is_alias and listing.variable:
            try:
                await _tiers(patient).resolve(listing.name)
            except AliasCycle as error:
                yield _unusable(listing.variable, str(error))
            except ConfigError:
                yield _meaningless(patient, listing.variable)
            except MajordomoError:
                continue  # a model that lacks its key


def _meaningless(patient: Patient, variable: str) -> Finding:
    meant = meant_by_declaration(patient, variable)
    if meant:
        fix = f"did you mean {meant}? rename it"
    else:
        fix = "write scheme://token@host or provider/model, unless another program reads it"
    return Finding(
        about=variable,
        says="declares nothing: it is no scheme://token@host, and names no known model",
        fix=fix,
        level="problem" if meant else "note",
    )


async def _default_model(patient: Patient) -> AsyncIterator[Finding]:
    value = patient.get(MODEL_VARIABLE)
    if value:
        says = await fault_of_model(patient, value)
        if says:
            yield _unusable(MODEL_VARIABLE, says)
        return
    has_one = any(map(patient.get, KEYS)) or any(map(_is_declared, patient.registry.describe()))
    yield Finding(
        about=MODEL_VARIABLE,
        says="is not set: a run must name its model",
        fix=f"set {MODEL_VARIABLE}=provider/model (executus models lists them)",
        level="note" if has_one else "problem",
    )


def _is_declared(listing: Listing) -> bool:
    return listing.ready and listing.source is Source.VARIABLE and not listing.is_alias


async def fault_of_model(patient: Patient, spec: str) -> str:
    """Why a model cannot be asked; empty when one of its targets can."""
    if "://" in spec:  # perhaps with a token in it
        return "is a URL; declare it as LLM_<NAME>=scheme://token@host and name <name>/MODEL"
    try:
        chain = await _tiers(patient).resolve(spec)
        providers = {model.target.provider for model in chain.models}
        lacking = [access_of(patient.registry.provider(one)).missing for one in sorted(providers)]
    except MajordomoError as error:
        return _short(str(error))
    return "" if not all(lacking) else "; ".join(dict.fromkeys(lacking))


def _tiers(patient: Patient) -> ModelTiers:
    config = Config(EnvironmentSource(environ=patient.environ))
    return ModelTiers(patient.registry, config=config)


def _short(sentence: str) -> str:
    """Without the list of every name there is."""
    before, found, after = sentence.partition("registered providers: ")
    rest = after.partition("; ")[2] if found else ""
    return f"{before}{rest}"


def _unusable(variable: str, says: str) -> Finding:
    return Finding(
        about=variable,
        says=f"cannot be used: {says}",
        fix=f"set {variable} to provider/model (executus models lists them), or unset it",
    )
