"""Converting a module."""

import copy

import pytest
import torch
from torch import nn

from cosim import engine
from cosim.check.recorder import Recorder
from rtl.sigma.config import PRESETS as SIGMA
from tests.training.support import draw, functional, recorded
from tlm import make_plan, schedule
from training import Offload, Scheme, convert, training_step
from training.conversion import use_engine, use_plan
from training.hooks import conversions


class Block(nn.Module):
    """Layers in a tree, one of them used twice."""

    def __init__(self):
        super().__init__()
        self.body = nn.ModuleDict({"conv": nn.Conv2d(8, 8, 3, padding=1), "head": nn.Linear(8, 4)})
        self.again = self.body["conv"]

    def forward(self, x):
        return self.body["head"](self.again(self.body["conv"](x)).mean((2, 3)))


def of(module):
    """The one conversion of a module."""
    (conversion,) = conversions(module)
    return conversion


def test_layers_run_in_a_copy_and_are_named_by_their_path():
    module = Block()
    converted, recorder = recorded(module, "bdwp", 2, 8)
    converted(draw((2, 8, 4, 4), 1))
    module(draw((2, 8, 4, 4), 1))
    assert [program.gemm.layer for program, _ in recorder.runs] == ["body.conv", "body.conv", "body.head"]
    assert type(converted.body["conv"]) is nn.Conv2d and not conversions(module)
    assert converted.again is converted.body["conv"] and converted.again is not module.again


def test_parameters_are_copied_and_keep_their_names_mode_and_hooks():
    module, seen = Block().eval(), []
    module.body["head"].register_forward_hook(lambda *_: seen.append(1))
    converted = convert(module, "dense", None, None, functional())
    assert not converted.training and not converted.again.training
    assert list(converted.state_dict()) == list(module.state_dict())
    assert all(
        torch.equal(a, b) and a is not b for a, b in zip(converted.parameters(), module.parameters(), strict=True)
    )
    converted(draw((2, 8, 4, 4), 1))
    assert seen == [1]


def test_tied_weights_stay_tied():
    module = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    module[1].weight = module[0].weight
    converted = convert(module, "dense", None, None, functional())
    assert converted[1].weight is converted[0].weight


def test_a_module_that_is_a_layer_goes_by_its_class():
    converted, recorder = recorded(nn.Linear(8, 4), "dense")
    converted(draw((1, 8), 1))
    assert recorder.runs[0][0].gemm.layer == "Linear"


def test_a_converted_module_can_be_copied_and_converted_again():
    converted, first = recorded(Block(), "dense")
    again, second = recorded(copy.deepcopy(converted), "bdwp", 2, 8)
    again(draw((2, 8, 4, 4), 1))
    assert not first.runs and [str(program.gemm.sparsity) for program, _ in second.runs] == ["2:8"] * 3


def test_the_engine_can_be_changed_without_changing_a_bit():
    converted, x = convert(Block(), "bdwp", 2, 8, functional()), draw((2, 8, 4, 4), 1)
    before = converted(x)
    _, recorder = recorded(nn.Identity(), "dense")
    use_engine(converted, recorder)
    assert torch.equal(converted(x), before) and len(recorder.runs) == 3


def test_the_plan_can_be_given_and_changed_without_changing_a_bit():
    module, x = Block(), draw((2, 8, 4, 4), 1)
    before = convert(module, "bdwp", 2, 8, functional())(x)
    step, recorder = training_step(module, (2, 8, 4, 4), "bdwp", 2, 8), Recorder(functional())
    plans = [make_plan(step, recorder.config, (dataflow,)) for dataflow in ("ws", "os")]
    converted = convert(module, "bdwp", 2, 8, recorder, plans[0])
    assert torch.equal(converted(x), before)
    for plan in (plans[1], None):
        use_plan(converted, plan)
        assert torch.equal(converted(x), before)
    mappings = [program.mapping for program, _ in recorder.runs]
    planned = [[plan.mapping(gemm) for gemm in step[:3]] for plan in plans]
    assert mappings == [*planned[0], *planned[1], *(schedule(gemm, recorder.config).mapping for gemm in step[:3])]


def test_a_copy_of_a_converted_module_keeps_its_plan():
    module, recorder = nn.Linear(8, 8), Recorder(functional())
    plan = make_plan(training_step(module, (4, 8)), recorder.config, ("ws",))
    copy.deepcopy(convert(module, "dense", None, None, recorder, plan))(draw((4, 8), 1))
    assert [program.dataflow for program, _ in recorder.runs] == ["ws"]


def another_plans():
    """(a plan of a linear layer, an engine that it is not for, the field that differs): of both kinds of difference."""
    plan = make_plan(training_step(nn.Linear(8, 8), (4, 8)), functional().config)
    faster = functional().config.model_copy(update=dict(clock_mhz=250.0))
    return [
        pytest.param(plan, engine("functional", "medium"), "name must be 'medium', not 'vcu1525'", id="configuration"),
        pytest.param(plan, engine("functional", faster), "clock_mhz must be 250.0, not 200.0", id="clock"),
        pytest.param(
            plan,
            engine("functional", "small", "sigma"),
            "config must be a SigmaConfig, not a SatConfig",
            id="accelerator",
        ),
    ]


@pytest.mark.parametrize("plan, other, words", another_plans())
def test_a_plan_of_another_configuration_or_accelerator_is_refused_and_changes_nothing(plan, other, words):
    planned = convert(nn.Sequential(nn.Linear(8, 8)), "dense", engine=functional(), plan=plan)
    unplanned = convert(nn.Sequential(nn.Linear(8, 8)), "dense", engine=other)
    before = of(planned).engine
    for refused in (
        lambda: convert(nn.Linear(8, 8), "dense", engine=other, plan=plan),
        lambda: convert(nn.ReLU(), "dense", engine=other, plan=plan),
        lambda: use_engine(planned, other),
        lambda: use_plan(unplanned, plan),
        lambda: Offload("l", Scheme(), other, plan),
        lambda: of(planned).use(other, plan),
    ):
        with pytest.raises(ValueError, match=f"^the plan is for another [a-z]+: {words}$"):
            refused()
    assert of(planned).engine is before and of(planned).plan is plan
    assert of(unplanned).engine is other and of(unplanned).plan is None


def test_where_one_part_may_not_change_none_does():
    first, second = functional(), engine("functional", "medium")
    module = nn.Sequential(*(convert(nn.Linear(8, 8), "dense", engine=one) for one in (first, second)))
    plan = make_plan(training_step(nn.Linear(8, 8), (4, 8)), first.config)
    with pytest.raises(ValueError, match="^the plan is for another configuration: name must be 'medium'"):
        use_plan(module, plan)
    assert [of(layer).plan for layer in module] == [None, None]


def test_the_plan_is_dropped_before_the_engine_becomes_another():
    plan = make_plan(training_step(nn.Linear(8, 8), (4, 8)), functional().config)
    module, other = convert(nn.Linear(8, 8), "dense", engine=functional(), plan=plan), engine("functional", "medium")
    use_plan(module, None)
    use_engine(module, other)
    assert of(module).engine is other and of(module).plan is None


def test_an_engine_of_other_operands_is_refused_later_too():
    config = SIGMA["small"].model_copy(update=dict(operands="bf16", name="brain"))
    with pytest.raises(ValueError, match="^training runs on fp16 operands, not on bf16 of brain$"):
        use_engine(convert(nn.Linear(8, 8), "dense"), engine("functional", config))


@pytest.mark.parametrize(
    "layer, words",
    [
        (nn.LazyLinear(8), "must know its sizes before it is converted, not be lazy"),
        (nn.Linear(8, 8).double(), "master weights must be float32, not torch.float64"),
        (nn.LSTM(8, 8).half(), "master weights must be float32, not torch.float16"),
    ],
)
def test_what_cannot_be_trained_is_refused_by_name_rule_and_value(layer, words):
    with pytest.raises(ValueError, match=f"^layer 1[.a-z_0-9]*: {words}$"):
        convert(nn.Sequential(nn.ReLU(), layer), "dense", None, None, functional())


def test_a_converted_module_can_be_saved_as_a_whole(tmp_path):
    module = convert(Block(), "bdwp", 2, 8, functional())
    expected = module(draw((2, 8, 4, 4), 1))
    torch.save(module, tmp_path / "whole.pt")
    loaded = torch.load(tmp_path / "whole.pt", weights_only=False)
    assert torch.equal(loaded(draw((2, 8, 4, 4), 1)), expected) and of(loaded).engine.config == of(module).engine.config


@pytest.mark.parametrize("cast", [nn.Module.half, nn.Module.double, nn.Module.bfloat16])
def test_a_converted_module_that_is_cast_afterwards_is_refused_with_the_reason(cast):
    module = cast(convert(nn.Sequential(nn.Linear(8, 8)), "dense"))
    with pytest.raises(ValueError, match="^layer 0: master weights must be float32, not torch.* cannot be made .half"):
        module(draw((2, 8), 1).to(module[0].weight.dtype))


class Doubled(nn.Linear):
    """A layer that computes something of its own, too."""

    def forward(self, x):
        return 2 * super().forward(x)


def test_a_subclass_and_a_parametrized_layer_run_as_the_layers_that_they_are():
    module = nn.Sequential(Doubled(16, 8), nn.utils.parametrizations.weight_norm(nn.Linear(8, 8)))
    converted, recorder = recorded(module, "bdwp", 2, 8)
    converted(draw((4, 16), 1)).sum().backward()
    ran = [(program.work.layer, program.work.stage, str(program.work.sparsity)) for program, _ in recorder.runs]
    assert [one for one in ran if one[1] in ("ff", "bp", "wu")] == [
        ("0", "ff", "2:8"),
        ("1", "ff", "2:8"),
        ("1", "bp", "2:8"),
        ("1", "wu", "None"),
        ("0", "wu", "None"),
    ]


def test_what_shall_stay_on_the_host_does_by_the_names_of_layers_and_modules():
    module = nn.Sequential(nn.Linear(8, 8), nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8)), nn.Linear(8, 8))
    for host, left in ((("1",), ["0", "2"]), (("1.0", "2"), ["0", "1.1"]), (("*",), [])):
        recorder = Recorder(functional())
        convert(module, "dense", engine=recorder, host=host)(draw((4, 8), 1))
        assert [program.work.layer for program, _ in recorder.runs] == left
    with pytest.raises(ValueError, match="^host names no layer and no module: '3'$"):
        convert(module, "dense", host=("3",))
    with pytest.raises(ValueError, match=r"^host must be several names or patterns, such as \('1',\), not '1'$"):
        convert(module, "dense", host="1")


@pytest.mark.parametrize(
    "method, n, m, words",
    [("magic", 2, 8, "method must be"), ("bdwp", 8, 2, "sparsity must be"), ("bdwp", None, None, "needs a sparsity")],
)
def test_an_unknown_method_or_pattern_is_refused(method, n, m, words):
    with pytest.raises(ValueError, match=words):
        convert(nn.Linear(8, 8), method, n, m, functional())


def test_a_layer_that_is_to_stay_dense_must_be_there():
    scheme = Scheme.of("bdwp", 2, 8, dense=("head", "nothing.*"))
    with pytest.raises(ValueError, match="dense names no layer: 'nothing.*' matches none of linear, head"):
        convert(nn.ModuleDict(dict(linear=nn.Linear(8, 8), head=nn.Linear(8, 8))), scheme)
    with pytest.raises(ValueError, match="dense must be several names or patterns"):
        Scheme.of("bdwp", 2, 8, dense="head")
