"""The networks in PyTorch, trained on noise that lies on the device: the rival of the compiled epoch.

A process of its own, in an environment of its own; the package never imports PyTorch. It reads a JSON object a line and
answers with one:

    {"network": "notebook", "batch": 256, "mode": "compile", "precision": "bfloat16", "task": "training"}
    {"steps": 100}                  makes so many steps of what was named last; answers with the seconds they took

Modes: `eager`; `compile` (`torch.compile`); `reduce-overhead` and `max-autotune` (its modes); `graph` (a compiled step,
optimizer included, captured whole in one CUDA graph). Channels last, fused Adam, bfloat16 by autocast. What is not
possible on this machine is answered with {"error": ...}.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  its own convention

CLASSES, PICTURES = 43, 34_799
CUDA = torch.cuda.is_available()
DEVICE = "cuda" if CUDA else "cpu"


def notebook() -> nn.Module:
    """The seed notebook's network: 570,763 parameters."""
    parts: list[nn.Module] = []
    before = 1
    for filters in (32, 64, 128):
        for _ in range(2):
            parts += [nn.Conv2d(before, filters, 3, padding=1), nn.ReLU()]
            before = filters
        parts += [nn.MaxPool2d(2), nn.Dropout(0.3)]
    parts.append(nn.Flatten())
    for units in (2048, 128):
        parts += [nn.Linear(units, 128), nn.ReLU(), nn.Dropout(0.5)]
    return nn.Sequential(*parts, nn.Linear(128, CLASSES))


class Small(nn.Module):
    """The package's `small`: standardised, straightened by a spatial transformer, three blocks, mean over the plane."""

    def __init__(self) -> None:
        super().__init__()
        self.locator = nn.Sequential(
            *(nn.AvgPool2d(2), *_convolution(3, 16, 5, halve=True), *_convolution(16, 24, 5, halve=True)),
            *(nn.Flatten(), nn.Linear(24 * 16, 32), nn.ReLU()),
        )
        self.map = nn.Linear(32, 6)
        nn.init.zeros_(self.map.weight)
        self.map.bias.data.copy_(torch.tensor([1.0, 0, 0, 0, 1, 0]))
        parts: list[nn.Module] = []
        before = 3
        for filters in (24, 48, 80):
            parts += _convolution(before, filters, 3) + _convolution(filters, filters, 3, halve=True)
            before = filters
        self.blocks = nn.Sequential(*parts)
        self.scores = nn.Linear(before, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        deviation, mean = torch.std_mean(x, dim=(1, 2, 3), keepdim=True, correction=0)
        x = (x - mean) / deviation.clamp_min(1 / 255)
        maps = self.map(self.locator(x)).float().reshape(-1, 2, 3)
        places = F.affine_grid(maps, list(x.shape), align_corners=True)
        x = F.grid_sample(x, places, padding_mode="border", align_corners=True)
        return self.scores(self.blocks(x.contiguous(memory_format=torch.channels_last)).mean(dim=(2, 3)))


def _convolution(before: int, filters: int, size: int, *, halve: bool = False) -> list[nn.Module]:
    pool = [nn.MaxPool2d(2)] if halve else []
    return [nn.Conv2d(before, filters, size, padding="same", bias=False), *pool, nn.BatchNorm2d(filters), nn.ReLU()]


class Work:
    """What was named last: one step of it can be called again and again.

    Args:
        asked: the request.
    """

    def __init__(self, asked: dict[str, Any]) -> None:
        torch.manual_seed(0)
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
        self.batch, self.mode = asked["batch"], asked["mode"]
        self.training = asked["task"] == "training"
        model = notebook() if asked["network"] == "notebook" else Small()
        self.model = model.to(DEVICE, memory_format=torch.channels_last).train(self.training)
        channels = 1 if asked["network"] == "notebook" else 3
        count = PICTURES if CUDA else max(self.batch, 1024)
        self.images = torch.randint(0, 256, (count, 32, 32, channels), dtype=torch.uint8, device=DEVICE)
        self.labels = torch.randint(0, CLASSES, (count,), device=DEVICE)
        capturable = {"capturable": True} if CUDA and self.mode == "graph" else {}
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.001, fused=True, **capturable)
        half = asked["precision"] == "bfloat16"
        cached = self.mode != "graph"
        self.cast = lambda: torch.autocast(DEVICE, torch.bfloat16, enabled=half, cache_enabled=cached)
        self.index = torch.arange(self.batch, device=DEVICE)
        self.order, self.place = torch.randperm(count, device=DEVICE), 0
        self.forward: Callable[..., torch.Tensor] = self._forward
        if self.mode not in ("eager", "graph"):
            self.forward = torch.compile(self._forward, mode=None if self.mode == "compile" else self.mode)
        elif self.mode == "graph":
            self.forward = torch.compile(self._forward)
        self.graph = self._captured() if self.mode == "graph" else None
        self.steps(5)

    def _forward(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        x = images.permute(0, 3, 1, 2).float() / 255  # channels last, by its strides
        with self.cast():
            scores = self.model(x)
        return F.cross_entropy(scores.float(), labels) if self.training else scores

    def _step(self) -> torch.Tensor:
        loss = self.forward(self.images[self.index], self.labels[self.index])
        if self.training:
            loss.backward()
            self.optimizer.step()
        return loss

    def _captured(self) -> Any:
        if not CUDA:
            raise RuntimeError("CUDA graphs need a GPU")
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side), self._graded():
            for _ in range(5):
                self.optimizer.zero_grad(set_to_none=True)
                self._step()
        torch.cuda.current_stream().wait_stream(side)
        self.optimizer.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph), self._graded():
            self.loss = self._step()
        return graph

    def _graded(self) -> Any:
        return contextlib.nullcontext() if self.training else torch.inference_mode()

    def steps(self, count: int) -> float:
        """Seconds that so many steps take."""
        _wait()
        start = time.perf_counter()
        with self._graded():
            for _ in range(count):
                if self.place + self.batch > len(self.order):
                    self.order, self.place = torch.randperm(len(self.order), device=DEVICE), 0
                self.index.copy_(self.order[self.place : self.place + self.batch])
                self.place += self.batch
                if self.graph is not None:
                    self.graph.replay()
                    continue
                if self.mode == "reduce-overhead":
                    torch.compiler.cudagraph_mark_step_begin()
                self.optimizer.zero_grad(set_to_none=True)
                self._step()
        _wait()
        return time.perf_counter() - start


def _wait() -> None:
    if CUDA:
        torch.cuda.synchronize()


def main() -> None:
    """Answer line by line until stdin ends."""
    made = {"ready": torch.__version__, "device": torch.cuda.get_device_name() if CUDA else "cpu"}
    print(json.dumps(made), flush=True)
    work: Work | None = None
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "steps" in asked:
                told = {"seconds": work.steps(asked["steps"])} if work else {"error": "nothing is named yet"}
            else:
                work = None
                with contextlib.suppress(ImportError):  # a build without CUDA has no graphs to forget
                    torch.compiler.reset()
                if CUDA:
                    torch.cuda.empty_cache()
                start = time.perf_counter()
                work = Work(asked)
                told = {"compile_seconds": time.perf_counter() - start}
        except Exception as error:  # whatever PyTorch raises is told, and the next request is answered
            told = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
