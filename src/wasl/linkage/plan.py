"""The linkage plan: which deliveries it accepts, how pairs are scored, and what becomes of them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.errors import MismatchError
from wasl.registers.documents import Document, load_document, resolve_document
from wasl.registers.exchange.delivery_header import DeliveryHeader
from wasl.registers.exchange.digests import digest_json
from wasl.registers.profiles import require_known_profiles

__all__ = ["Candidates", "LinkagePlan", "ModelOptions", "RegisterOptions", "ResolutionOptions", "ReturnOptions"]


OWN_NUMBERS = ("passport", "permit", "cin", "cnss", "refugee_file", "refugee-file", "consular", "national_id")
"""Passes of the shipped and the composed profiles whose number a person has one of. Certificates are not among them."""

NAMES = ("names", "surname", "given")
"""Comparisons of names in the shipped and the composed profiles."""


class RegisterOptions(Document):
    """Options of the plan for one register.

    Attributes:
        duplicate_free: Whether one person appears in it at most once.
        dedupe: Whether pairs within it are compared too (always when it is the only delivery).
    """

    duplicate_free: bool | None = None
    dedupe: bool | None = None


class Candidates(Document):
    """Options for the pairs to compare.

    Attributes:
        block_pairs: Most pairs compared in one block; a larger (hot) block is cut into sub-blocks of similar rows.
        training_pairs: Most pairs the model is trained on; of more, whole tasks are drawn with a fixed seed.
        union_leak: Largest T of a block over all deliveries; a pass above it is not used. None: it is only reported.
    """

    block_pairs: int = Option(default=8_000_000_000, ge=1)
    training_pairs: int = Option(default=1_000_000_000, ge=1)
    union_leak: float | None = Option(default=None, gt=0)


class ModelOptions(Document):
    """Options for scoring pairs.

    Attributes:
        classes: Most latent classes: match and rest, and of matches with errors and relatives what the data ask for.
        iterations: Most iterations of EM.
        tolerance: EM stops when the log-likelihood per pair rises by less.
        levels: Most agreement levels of a group of q-grams.
        personal: Comparisons on which relatives agree as seldom as unrelated people do, and on which a person's records
            agree at least half-way.
        unshared: Comparisons on which relatives agree as seldom, but which can be written in very different ways.
        all_names: Comparisons that hold all words of a person's names, given name and surname in one.
        own_numbers: Passes whose block is a number that a person has one of at a time. Twins have numbers of their own.
        term_frequency: Comparisons on which agreeing with somebody rare weighs more than with somebody frequent.
            None: comparisons of names (``NAMES``), in passes of one block.
        seed: Seed of the draw of tasks the model is trained on, where there are too many for all.
        m: Manual m-probabilities: comparison to a list, worst level first (missing not counted).
        u: Manual u-probabilities, likewise.
    """

    classes: int = Option(default=4, ge=2, le=4)
    iterations: int = Option(default=500, ge=1)
    tolerance: float = Option(default=1e-9, gt=0)
    levels: int = Option(default=11, ge=2, le=15)
    personal: tuple[str, ...] = ("birth",)
    unshared: tuple[str, ...] = ("given",)
    all_names: tuple[str, ...] = ("names",)
    own_numbers: tuple[str, ...] = OWN_NUMBERS
    term_frequency: tuple[str, ...] | None = None
    seed: int = Option(default=1, ge=0)
    m: dict[str, tuple[float, ...]] = Option(default_factory=dict)
    u: dict[str, tuple[float, ...]] = Option(default_factory=dict)


class ResolutionOptions(Document):
    """What becomes of scored pairs.

    Attributes:
        cost_false_link: Cost of linking two persons.
        cost_missed_link: Cost of not linking one.
        cost_review: Cost of having a clerk look at a pair.
        keep: Pairs below this probability are not written to pairs.parquet.
        keep_all: Write every compared pair to pairs.parquet and links.parquet, whatever its probability.
        assignment: Optimal one-to-one between duplicate-free registers, or what the weights alone say.
        chain: How much a pair that never was a candidate speaks against merging two clusters: 1 as much as its absence
            tells if pairs are independent, 0 not at all (connected components under the constraints).
        review_sample: Pairs drawn for reviewers to decide, about; 0 draws none.
        minimum_precision: Links are made down to the probability at which their estimated precision, with half as many
            false links again, is at least this; 0 leaves the costs alone to decide.
    """

    cost_false_link: float = Option(default=1.0, gt=0)
    cost_missed_link: float = Option(default=1.0, gt=0)
    cost_review: float = Option(default=0.1, ge=0)
    keep: float = Option(default=0.01, gt=0, lt=1)
    keep_all: bool = False
    assignment: Literal["one_to_one", "one_to_many", "many_to_many"] = "one_to_one"
    chain: float = Option(default=0.3, ge=0, le=1)
    review_sample: int = Option(default=200, ge=0)
    minimum_precision: float = Option(default=0.9, ge=0, lt=1)

    @property
    def accept(self) -> float:
        """Least probability at which linking costs less than not linking."""
        return self.cost_false_link / (self.cost_false_link + self.cost_missed_link)

    @property
    def certain(self) -> float:
        """Least probability at which linking unseen costs less than a clerk's look."""
        return max(self.accept, 1.0 - self.cost_review / self.cost_false_link)

    @property
    def possible(self) -> float:
        """Least probability at which a clerk's look costs less than leaving the pair."""
        return min(self.accept, self.cost_review / self.cost_missed_link)


class ReturnOptions(Document):
    """What holders get back about their own records after a linkage.

    Registers of one holder are always told of each other: the holder could compare them itself (`wasl merge`). A
    register whose schema says ``return = "none"`` gets nothing, and nobody is told who stands in it, whatever is
    written here.

    Attributes:
        told: By register, the other registers of which it learns record by record whether the record is linked.
        minimum: Counts and rates against a register that is not told are given in steps of this, and withheld below
            it; rates of agreement rest on at least so many records.
    """

    told: dict[str, tuple[str, ...]] = Option(default_factory=dict)
    minimum: int = Option(default=10, ge=3)


class LinkagePlan(Document):
    """A linkage plan.

    Attributes:
        name, version, title: What it is called.
        profiles: Encoding profiles it accepts.
        consent_weak_profile: Whether deliveries under profiles with weaknesses are accepted (``open``, ``plain``).
        round: The round whose deliveries it links; empty accepts any one round.
        registers: Options per register name; any register may be linked without being named.
        candidates, model, resolution, returns: See there.
    """

    name: str
    version: int = 1
    title: str = ""
    round: str = ""
    profiles: tuple[str, ...] = ("guarded",)
    consent_weak_profile: bool = False
    duplicate_free: bool = True
    dedupe: bool = False
    registers: dict[str, RegisterOptions] = Option(default_factory=dict)
    candidates: Candidates = Candidates()
    model: ModelOptions = ModelOptions()
    resolution: ResolutionOptions = ResolutionOptions()
    returns: ReturnOptions = ReturnOptions()

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """The plan in a TOML file, or a shipped one by name (``morocco``).

        Raises:
            SchemaError: Names the file, the key and the reason.
        """
        return load_document(cls, resolve_document("linkage", name_or_path))

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if not self.profiles:
            raise ValueError("profiles names no encoding profile, so no delivery could be linked")
        return self

    @cached_property
    def digest(self) -> str:
        """The digest of the plan's meaning, in every result made with it.

        Rules of returns and the least precision are part of it where the plan states them. A plan of an earlier
        release keeps its digest.
        """
        value = self.model_dump(mode="json")
        if self.returns == ReturnOptions():
            del value["returns"]
        if self.resolution.minimum_precision == ResolutionOptions().minimum_precision:
            del value["resolution"]["minimum_precision"]
        # A plan that says nothing had an empty list; one that says "none" is told apart from it by null.
        chosen = self.model.term_frequency
        value["model"]["term_frequency"] = [] if chosen is None else list(chosen) or None
        for name, usual in (("own_numbers", OWN_NUMBERS), ("all_names", ModelOptions().all_names)):
            if getattr(self.model, name) == usual:
                del value["model"][name]
        return digest_json(value)

    def weighs_frequency(self, blocks: int) -> tuple[str, ...]:
        """Comparisons whose frequency counts in a pass with so many blocks.

        Where the plan names none, these are the comparisons of names in a pass of one block. Small blocks hold too few
        rows to show how frequent a name is, and frequent names have large blocks with a prior of their own.
        """
        if self.model.term_frequency is not None:
            return self.model.term_frequency
        return NAMES if blocks == 1 else ()

    def is_duplicate_free(self, register: str, declared: bool = False) -> bool:
        """Whether one person appears in this register at most once.

        Args:
            register: Its name. What the plan says of it by name decides.
            declared: Whether its holder's schema says so. It counts where the plan has only a default.
        """
        chosen = self.registers.get(register, RegisterOptions()).duplicate_free
        return (self.duplicate_free or declared) if chosen is None else chosen

    def is_deduplicated(self, register: str, deliveries: int) -> bool:
        """Whether pairs within this register are compared, when so many deliveries are linked."""
        chosen = self.registers.get(register, RegisterOptions()).dedupe
        return deliveries == 1 or (self.dedupe if chosen is None else chosen)

    def require_accepts(self, headers: list[DeliveryHeader]) -> None:
        """Refuse deliveries of another round, whose profile the plan does not name, or that need consent.

        A profile in the plan is a shipped name, a name of one's own, or a digest. A shipped name means the shipped
        document.

        Raises:
            MismatchError: Names the register, its round or profile, and what the plan accepts.
        """
        require_known_profiles(headers)
        for header in headers:
            if self.round and header.round != self.round:
                raise MismatchError(
                    f"the delivery of {header.register!r} was made for round {header.round or 'none named'!r}, "
                    f"and plan {self.name!r} links round {self.round!r}.",
                    remedy=f"Encode it again with --round {self.round}, or correct the round in the plan.",
                )
            name = header.profile.rsplit("/", 1)[-1]
            if not {name, header.profile, header.profile_digest} & set(self.profiles):
                raise MismatchError(
                    f"the delivery of {header.register!r} is encoded under profile {header.profile!r}, "
                    f"which plan {self.name!r} does not accept (it names {', '.join(self.profiles)}).",
                    remedy="Encode it under an accepted profile, or name the profile in the plan knowingly.",
                )
            header.require_consent(
                given=self.consent_weak_profile,
                who=f"plan {self.name!r}",
                remedy="Encode it under `guarded`, or set consent_weak_profile = true in the plan knowingly.",
            )
