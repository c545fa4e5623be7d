"""watch with weights that are stored packed, and with tensors that can't be counted at all."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lossboard import histogram as h
from lossboard.watch import start, stop
from lossboard.watch.event import Event


class Halves(Tensor):
    """Numbers kept as int8 and one scale, as quantizing libraries wrap them."""

    codes: Tensor

    @staticmethod
    def __new__(cls, codes: Tensor) -> Halves:
        made = Tensor._make_wrapper_subclass(cls, codes.shape, dtype=torch.float32)  # type: ignore[attr-defined]
        made.codes = codes
        return made  # type: ignore[no-any-return]

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.detach.default:
            return cls(args[0].codes)
        raise NotImplementedError(f"no {func}")


class Readable(Halves):
    """... with the method by which such libraries give the numbers."""

    def dequantize(self) -> Tensor:  # type: ignore[override]
        return self.codes.float() / 2


class WithPacked(nn.Module):
    """A trained layer, and one whose weight is packed and isn't used here."""

    def __init__(self, weight: Tensor, **beside: Tensor) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.trained = nn.Linear(4, 3)
        self.packed = nn.Module()
        self.packed.weight = nn.Parameter(weight, requires_grad=False)
        for name, value in beside.items():
            self.packed.register_buffer(name, value)
        self.last = nn.Linear(3, 1)

    def forward(self, values: Tensor) -> Tensor:
        result: Tensor = self.last(self.trained(values))
        return result


REST = ["trained.weight", "trained.bias", "last.weight", "last.bias"]
CODES = torch.arange(-64, 64, dtype=torch.int8).reshape(32, 4)


def train(model: nn.Module, backwards: int = 1) -> None:
    for _ in range(backwards):
        model(torch.randn(5, 4)).sum().backward()


def counted(recorder: Any, model: nn.Module) -> Any:
    """The parameters of one event, by name; None for the packed one where it is left out."""
    start(recorder, model, log="all", log_freq=1)
    train(model)
    (event,) = recorder.events
    assert event.names("gradients") == REST
    assert [
        name for name in event.names("parameters") if "trained" in name or "last" in name
    ] == REST
    return event.histograms.get("parameters/packed.weight")


def assert_holds(data: Any, numbers: Tensor) -> None:
    assert data.n == numbers.numel()
    assert (data.lo, data.hi) == (numbers.min().item(), numbers.max().item())
    assert data.total == pytest.approx(numbers.double().sum().item(), rel=1e-5, abs=0.01)
    assert h.rms(data) == pytest.approx(numbers.double().square().mean().sqrt().item(), rel=1e-5)


def test_one_tensor_that_cannot_be_counted_costs_no_other_and_is_named_once(recorder: Any) -> None:
    model = WithPacked(Halves(CODES))
    assert counted(recorder, model) is None
    train(model, 2)
    assert len(recorder.events) == 3
    (warning,) = recorder.warnings
    assert "packed.weight" in warning
    assert "all others are stored" in warning
    assert [kind for kind, _ in recorder.notices] == ["watch_left_out"]
    assert stop(recorder) is None


def test_a_gradient_that_cannot_be_counted_costs_no_other(
    recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 1))
    start(recorder, model, log="all", log_freq=1)
    count = Event._count

    def failing(event: Event, values: Any, name: str, tensor: Tensor) -> None:
        if tensor.shape == (3, 4) and not isinstance(tensor, nn.Parameter):
            raise RuntimeError("no kernel for this")
        count(event, values, name, tensor)

    monkeypatch.setattr(Event, "_count", failing)
    train(model)
    (event,) = recorder.events
    assert event.names("gradients") == ["0.bias", "1.weight", "1.bias"]
    assert event.names("parameters") == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert "0.weight" in recorder.warnings[0]


def test_many_tensors_that_cannot_be_counted_are_one_warning(recorder: Any) -> None:
    model = nn.Sequential(nn.Linear(4, 1), *(WithPacked(Halves(CODES)) for _ in range(9)))
    start(recorder, model, log="all", log_freq=1)
    model[0](torch.randn(5, 4)).sum().backward()
    (warning,) = recorder.warnings
    assert "1.packed.weight and 8 more tensors" in warning


def test_a_wrapped_weight_is_shown_as_the_numbers_it_stands_for(recorder: Any) -> None:
    assert_holds(counted(recorder, WithPacked(Readable(CODES))), CODES.float() / 2)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8])
def test_bytes_are_never_shown_as_weights(recorder: Any, dtype: torch.dtype) -> None:
    model = WithPacked(CODES.to(dtype), scales=torch.rand(32))
    assert counted(recorder, model) is None
    assert "packed.weight" in recorder.warnings[0]


def test_a_4_bit_weight_whose_library_is_not_here_is_left_out(recorder: Any) -> None:
    model = WithPacked(CODES.to(torch.uint8))
    model.packed.weight.quant_state = SimpleNamespace(absmax=torch.rand(4))  # type: ignore[attr-defined]
    assert counted(recorder, model) is None
    assert "packed.weight" in recorder.warnings[0]


def test_other_integers_are_shown_as_they_are(recorder: Any) -> None:
    assert_holds(counted(recorder, WithPacked(CODES.long())), CODES)


def test_packed_weights_that_are_buffers_are_named(recorder: Any) -> None:
    model = WithPacked(torch.ones(3), qweight=CODES.int(), scales=torch.rand(32))
    assert counted(recorder, model) is not None
    assert "packed.qweight" in recorder.warnings[0]


def float8(shape: tuple[int, int]) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(shape).to(torch.float8_e4m3fn)


@pytest.mark.parametrize(
    ("name", "scale", "each"),
    [
        ("weight_scale", torch.tensor(0.25), (1, 1)),
        ("weight_scale", torch.rand(256), (1, 1)),
        ("weight_scale_inv", torch.rand(2, 3), (128, 128)),
    ],
)
def test_float8_is_multiplied_with_the_scales_beside_it(
    recorder: Any, name: str, scale: Tensor, each: tuple[int, int]
) -> None:
    weight = float8((256, 320))
    factor = scale[:, None] if scale.dim() == 1 else scale
    if scale.dim() == 2:
        factor = factor.repeat_interleave(each[0], 0).repeat_interleave(each[1], 1)[:, :320]
    data = counted(recorder, WithPacked(weight, **{name: scale}))
    assert_holds(data, weight.float() * factor)


def test_float8_with_scales_of_unknown_meaning_is_left_out(recorder: Any) -> None:
    assert counted(recorder, WithPacked(float8((8, 8)), scale=torch.rand(8))) is None
    assert "packed.weight" in recorder.warnings[0]


def test_float8_without_scales_is_shown_as_it_is(recorder: Any) -> None:
    weight = float8((8, 8))
    assert_holds(counted(recorder, WithPacked(weight)), weight.float())


@pytest.mark.filterwarnings("ignore")
def test_the_weight_of_a_quantized_layer_of_torch_is_shown(recorder: Any) -> None:
    model = WithPacked(torch.ones(3))
    quantized = torch.ao.nn.quantized.dynamic.Linear(4, 3)
    model.quantized = quantized
    counted(recorder, model)
    data = recorder.events[0].histograms["parameters/quantized.weight"]
    assert_holds(data, quantized.weight().dequantize())  # type: ignore[no-untyped-call]


def library(name: str) -> Any:
    """A library that packs weights, where it is installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name)


@pytest.mark.parametrize("config", ["Int8WeightOnlyConfig", "Float8WeightOnlyConfig"])
def test_weights_of_torchao_are_the_numbers_they_stand_for(recorder: Any, config: str) -> None:
    quantization = library("torchao.quantization")
    layer = nn.Sequential(nn.Linear(16, 8, bias=False))
    quantization.quantize_(layer, getattr(quantization, config)())
    model = WithPacked(torch.ones(1))
    model.packed.weight = layer[0].weight
    assert_holds(counted(recorder, model), layer[0].weight.dequantize())  # type: ignore[operator]


def test_4_bit_weights_of_bitsandbytes_are_the_numbers_they_stand_for(recorder: Any) -> None:
    library("bitsandbytes")
    layer = __import__("bitsandbytes").nn.LinearNF4(64, 64, bias=False)
    values = torch.randn(64, 64)
    layer.load_state_dict({"weight": values})
    layer.to("cpu")
    model = WithPacked(torch.ones(1))
    model.packed.weight = layer.weight
    data = counted(recorder, model)
    assert data.n == 64 * 64
    assert h.rms(data) == pytest.approx(values.square().mean().sqrt().item(), rel=0.05)
    assert data.hi == pytest.approx(values.max().item(), rel=0.01)


def test_8_bit_weights_of_bitsandbytes_stay_numbers_when_the_layer_has_run(recorder: Any) -> None:
    library("bitsandbytes")
    layer = __import__("bitsandbytes").nn.Linear8bitLt(64, 64, bias=False, has_fp16_weights=False)
    values = torch.randn(64, 64)
    layer.load_state_dict({"weight": values}, strict=False)
    layer.to("cpu")
    model = WithPacked(torch.ones(1))
    model.packed = layer
    for runs in range(2):
        start(recorder, model, log="parameters", log_freq=1)
        train(model)
        data = recorder.events[runs].histograms["parameters/packed.weight"]
        assert data.hi == pytest.approx(values.max().item(), rel=0.02)
        layer(torch.randn(2, 64))
