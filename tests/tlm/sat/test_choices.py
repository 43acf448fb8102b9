"""The choices of a plan: what they are for, their programs, and the parts of an update."""

from dataclasses import replace

import pytest

from rtl.sat.config import PRESETS
from rtl.sparsity import Sparsity
from tests.support.memories import BURST
from tlm import Gemm, Mapping, Update, schedule, schedule_update
from tlm.memory import memory_of
from tlm.sat.choices import GENERATION, GemmChoice, UpdateChoice, key_of, parts_of, place_of, without_pregeneration

SMALL, PATTERN = PRESETS["small"], Sparsity(2, 8)
GEMM = Gemm(9, 16, 8, PATTERN, "fp16", "one", "ff")
UPDATE = Update(16, 8, 16, PATTERN, True, True, layer="one")


def test_a_choice_is_for_the_layers_stage_size_and_pattern():
    gemm = GemmChoice(
        layer="one",
        stage="ff",
        m=9,
        k=16,
        n=8,
        sparsity="2:8",
        dataflow="ws",
        rows=2,
        columns=3,
        depth=16,
        order="rows",
        cycles=1,
    )
    update = UpdateChoice(layer="one", stage="update", k=16, n=8, generation="use", cycles=1)
    assert gemm.key == key_of(GEMM) == key_of(replace(GEMM, output="fp32", count=2)) != key_of(replace(GEMM, n=7))
    assert update.key == key_of(UPDATE) and key_of(replace(GEMM, sparsity=None))[-1] == "dense"
    assert (gemm.option, update.option) == (Mapping("ws", 2, 3, 16), "use")
    for memory in (memory_of(SMALL), BURST):
        assert gemm.programs(GEMM, SMALL, memory) == [schedule(GEMM, SMALL, gemm.option, memory=memory)]
        assert update.programs(UPDATE, SMALL, memory) == [
            schedule_update(part, SMALL, memory) for part in without_pregeneration(UPDATE)
        ]


@pytest.mark.parametrize(
    "forward, backward, reductions",
    [
        (True, True, [(True, False), (False, True)]),
        (True, False, [(True, False)]),
        (False, True, [(False, True)]),
        (False, False, []),
    ],
)
def test_without_pregeneration_an_update_makes_no_copies_and_a_reduction_makes_each(forward, backward, reductions):
    update = Update(16, 8, 16, PATTERN, forward, backward, layer="one")
    plain, *rest = without_pregeneration(update)
    assert plain == replace(update, forward=False, backward=False, half=update.stores_half) and plain.momentum
    assert [(one.forward, one.backward) for one in rest] == reductions
    assert all(
        one == replace(update, forward=one.forward, backward=one.backward, momentum=False, half=False, stage="reduce")
        for one in rest
    )


def test_the_dense_weights_are_stored_as_with_pregeneration():
    assert [part.stores_half for part in without_pregeneration(UPDATE)] == [False, False, False]
    assert [part.stores_half for part in without_pregeneration(replace(UPDATE, backward=False))] == [True, False]


def test_a_reduction_alone_has_no_parts_wherever_copies_are_made():
    reduction = replace(UPDATE, momentum=False)
    assert [parts_of(reduction, place) for place in GENERATION] == [[reduction], [reduction]]
    assert parts_of(UPDATE, "use") == without_pregeneration(UPDATE) and parts_of(UPDATE, "update") == [UPDATE]


def test_the_name_of_no_place_is_refused():
    assert [place_of(name) for name in GENERATION] == list(GENERATION)
    with pytest.raises(ValueError, match="^the place of generation must be one of update, use, not 'before'$"):
        place_of("before")
