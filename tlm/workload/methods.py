"""The training methods as a table: which operand of which stage is N:M sparse, in groups along which channels."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from math import isfinite

from rtl.sparsity import Sparsity

STAGES = ("ff", "bp", "wu")
SUMMED = {"ff": "inputs", "bp": "outputs"}  # the channels that a stage's GEMM sums over


@dataclass(frozen=True)
class Rule:
    """The pruning of a stage: of 'weights' or (output) 'gradients', in groups along a layer's 'inputs' or 'outputs'."""

    operand: str
    along: str


@dataclass(frozen=True)
class Method:
    """Its rules, stage by stage, and the strength of SR-STE's decay that it has by default."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    decay: float = 0.0

    @property
    def prunes_weights(self) -> bool:
        """Whether any stage does."""
        return any(rule.operand == "weights" for rule in self.rules.values())


METHODS = {
    "dense": Method(),
    # Its backward pass is that of the pruned forward pass: zeros that do not lie along the sums, and are not skipped.
    "srste": Method({"ff": Rule("weights", "inputs"), "bp": Rule("weights", "inputs")}, decay=2e-4),
    "sdgp": Method({"bp": Rule("gradients", "outputs")}),
    "sdwp": Method({"bp": Rule("weights", "outputs")}),
    "bdwp": Method({"ff": Rule("weights", "inputs"), "bp": Rule("weights", "outputs")}),
}


@dataclass(frozen=True)
class Scheme:
    """A method with its pattern and its options.

    decay    strength of SR-STE's term, which pulls pruned weights to zero: decay * w is added to their gradient;
             None: the method's own (`strength` says which)
    rescale  with pruned gradients: each image's channel is scaled up to the sum of magnitudes that it had
    dense    layers that stay dense, by their names or patterns such as 'layer1.*'
    by_layer  (names, pattern) of layers with an N:M pattern of their own, None for dense, in place of `sparsity`; of
             several that fit a layer the last holds. Those of `dense` stay dense
    Raises ValueError for an unknown method, a sparse one without a pattern, and a choice that the method does not have.
    """

    method: str = "dense"
    sparsity: Sparsity | None = None
    decay: float | None = None
    rescale: bool = False
    dense: tuple[str, ...] = ()
    by_layer: tuple[tuple[str, Sparsity | None], ...] = ()

    def __post_init__(self):
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, not {self.method!r}")
        method = METHODS[self.method]
        if isinstance(self.dense, str):
            raise ValueError(f"dense must be several names or patterns, such as ({self.dense!r},), not {self.dense!r}")
        for own in self.by_layer:
            if not (isinstance(own, tuple) and len(own) == 2 and isinstance(own[1], Sparsity | None)):
                raise ValueError(f"by_layer must be pairs of names and a Sparsity or None, not {own!r}")
        if method.rules and self.sparsity is None and not self.by_layer:
            raise ValueError(f"method {self.method} needs a sparsity such as 2:8, not dense")
        if not (isfinite(self.strength) and self.strength >= 0):
            raise ValueError(f"decay must be at least 0 and finite, not {self.decay}")
        if self.strength and not method.prunes_weights:
            raise ValueError(
                f"decay pulls pruned weights to zero: method {self.method} has none, so it must be 0, not {self.decay}"
            )
        if self.rescale and "gradients" not in {rule.operand for rule in method.rules.values()}:
            raise ValueError(f"rescale is for methods that prune gradients, not {self.method}")

    @property
    def strength(self) -> float:
        """The decay of pruned weights: the one that was given, or the method's own."""
        return METHODS[self.method].decay if self.decay is None else self.decay

    @classmethod
    def of(cls, method: str, n: int | None = None, m: int | None = None, **choices) -> "Scheme":
        """The scheme of a method's name and its N:M. A dense method ignores n and m. Raises ValueError."""
        if method not in METHODS or not METHODS[method].rules or (n is None and m is None):
            return cls(method, **choices)
        if n is None or m is None:
            raise ValueError(f"a sparsity must have N and M, not {n}:{m}")
        return cls(method, Sparsity(n, m), **choices)

    def of_layer(self, name: str) -> "Scheme":
        """The scheme for the layer of that name."""
        if any(fnmatchcase(name, pattern) for pattern in self.dense):
            return self.with_pattern(None)
        own = [sparsity for names, sparsity in self.by_layer if fnmatchcase(name, names)]
        return self.with_pattern(own[-1]) if own else self

    def with_pattern(self, sparsity: Sparsity | None) -> "Scheme":
        """The scheme for layers with that N:M pattern, None for dense."""
        if sparsity is None:
            return replace(self, method="dense", sparsity=None, decay=None, rescale=False)
        return replace(self, sparsity=sparsity)

    def check_names(self, layers: Collection[str]) -> None:
        """Raise ValueError for names or a pattern of `dense` or `by_layer` that none of these layers' names matches."""
        for option, patterns in (("dense", self.dense), ("sparsity", [names for names, _ in self.by_layer])):
            for pattern in patterns:
                if not any(fnmatchcase(name, pattern) for name in layers):
                    raise ValueError(f"{option} names no layer: {pattern!r} matches none of {', '.join(layers)}")

    def rule(self, stage: str) -> Rule | None:
        """The operand that a stage prunes, if any."""
        return METHODS[self.method].rules.get(stage)

    def pattern(self, stage: str, channels: int) -> Sparsity | None:
        """The pattern that a stage's GEMM skips, of `channels` summed at each kernel position; None below M."""
        rule, sparsity = self.rule(stage), self.sparsity
        return sparsity if rule and sparsity and rule.along == SUMMED[stage] and channels >= sparsity.m else None

    def weights(self, stage: str, channels: int) -> Sparsity | None:
        """The pattern of the weights' compact copy that a stage reads; None: it reads dense weights."""
        rule = self.rule(stage)
        return self.pattern(stage, channels) if rule and rule.operand == "weights" else None
