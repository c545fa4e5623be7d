"""Trains a small ConvNet on handwritten digits and shows loss, gradients and parameters live.

    lossboard serve &
    python examples/pytorch_intro.py --learning-rate 0.005

The digits come with scikit-learn, nothing is downloaded; `--dataset mnist` takes torchvision's
MNIST, which is. With `import wandb` in place of the import below, the script runs unchanged
through `lossboard run examples/pytorch_intro.py`.
"""

from __future__ import annotations

import argparse
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision_compat import datasets, transforms
from tqdm.auto import tqdm

import lossboard as wandb

Images = Dataset[tuple[Tensor, int]]
Batches = DataLoader[tuple[Tensor, int]]

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
BATCHES_BETWEEN_LOGS = 25


class Digits(Images):
    """scikit-learn's 1,797 digits of 8 x 8 pixels; every fifth one is for the test."""

    def __init__(self, *, train: bool, transform: Any) -> None:
        images, labels = load_digits(return_X_y=True)
        chosen = [index for index in range(len(labels)) if (index % 5 != 0) == train]
        self.images = (images[chosen].reshape(-1, 8, 8, 1) * (255 / 16)).astype("uint8")
        self.labels = labels[chosen].tolist()
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(self.images[index]), self.labels[index]


class ConvNet(nn.Module):
    """Two convolutions with pooling, then one linear layer: 28 x 28 pixels to 10 classes."""

    def __init__(self, kernels: list[int], classes: int) -> None:
        super().__init__()
        self.layer1 = self.block(1, kernels[0])
        self.layer2 = self.block(kernels[0], kernels[1])
        self.fc = nn.Linear(7 * 7 * kernels[1], classes)

    @staticmethod
    def block(inputs: int, outputs: int) -> nn.Sequential:
        convolution = nn.Conv2d(inputs, outputs, kernel_size=5, padding=2)
        return nn.Sequential(convolution, nn.ReLU(), nn.MaxPool2d(kernel_size=2))

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.layer2(self.layer1(images))
        scores: Tensor = self.fc(features.flatten(start_dim=1))
        return scores


def make_transform(*, train: bool) -> Any:
    """To 28 x 28 pixels; training images are turned, moved and scaled a little, each time anew."""
    steps = [transforms.ToTensor(), transforms.Resize((28, 28), antialias=True)]
    if train:
        steps.append(transforms.RandomAffine(degrees=20, translate=(0.1, 0.1), scale=(0.8, 1.2)))
    return transforms.Compose([*steps, transforms.Normalize(0.13, 0.31)])


def load_images(dataset: str, *, train: bool) -> Images:
    transform = make_transform(train=train)
    if dataset == "digits":
        return Digits(train=train, transform=transform)
    mnist: Images = datasets.MNIST("data", train=train, download=True, transform=transform)
    return mnist


def make_batches(config: Any, *, train: bool) -> Batches:
    images = load_images(config.dataset, train=train)
    return DataLoader(images, batch_size=config.batch_size, shuffle=train)


def train(model: nn.Module, batches: Batches, config: Any) -> None:
    """Logs the loss every 25 batches, with the number of examples seen as step."""
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    wandb.watch(model, criterion, log="all", log_freq=10)
    examples_seen = batches_seen = 0
    for epoch in tqdm(range(config.epochs), desc="epochs"):
        for images, labels in batches:
            loss = train_batch(model, images.to(DEVICE), labels.to(DEVICE), criterion, optimizer)
            examples_seen += len(images)
            batches_seen += 1
            if batches_seen % BATCHES_BETWEEN_LOGS == 0:
                wandb.log({"epoch": epoch, "loss": loss.item()}, step=examples_seen)


def train_batch(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    criterion: nn.Module,
    optimizer: torch.optim.Optimizer,
) -> Tensor:
    loss: Tensor = criterion(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


@torch.no_grad()
def test(model: nn.Module, batches: Batches) -> float:
    """Share of the test images that the model names correctly; it is logged too."""
    model.eval()
    correct = total = 0
    for images, labels in batches:
        guesses = model(images.to(DEVICE)).argmax(dim=1)
        correct += int((guesses == labels.to(DEVICE)).sum())
        total += len(labels)
    wandb.log({"test_accuracy": correct / total})
    return correct / total


def parse_arguments() -> dict[str, Any]:
    parser = argparse.ArgumentParser(description="Train a small ConvNet on handwritten digits.")
    parser.add_argument("--dataset", choices=["digits", "mnist"], default="digits")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--kernels", type=int, nargs=2, default=[16, 32])
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=0.005)
    parser.add_argument("--seed", type=int, default=0)
    return vars(parser.parse_args())


def main() -> None:
    hyperparameters = {**parse_arguments(), "classes": 10, "architecture": "CNN"}
    with wandb.init(project="pytorch-intro", config=hyperparameters) as run:
        config = run.config
        torch.manual_seed(config.seed)
        model = ConvNet(config.kernels, config.classes).to(DEVICE)
        train(model, make_batches(config, train=True), config)
        accuracy = test(model, make_batches(config, train=False))
        print(f"test accuracy {accuracy:.1%}")


if __name__ == "__main__":
    main()
