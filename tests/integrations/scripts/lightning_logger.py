"""A linear model trained by Lightning with its WandbLogger."""

import json

import torchvision_compat  # noqa: F401 - before what imports torchvision beside a CPU build of torch

# isort: split
import lightning
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import WandbLogger


class Line(lightning.LightningModule):
    def __init__(self, lr=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(4, 1)

    def training_step(self, batch, index):
        loss = (self.layer(batch[0]) - batch[0].sum(1, keepdim=True)).square().mean()
        self.log("train/loss", loss, on_step=True)
        return loss

    def validation_step(self, batch, index):
        self.log("val/size", float(len(batch[0])))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)


class Seen(Callback):
    """What the model logged, noted by itself."""

    def __init__(self):
        self.rows = []

    def on_train_batch_end(self, trainer, module, outputs, batch, index):
        self.rows.append([trainer.global_step - 1, float(outputs["loss"])])


def main():
    torch.manual_seed(0)
    data = torch.utils.data.TensorDataset(torch.randn(32, 4))
    batches = torch.utils.data.DataLoader(data, batch_size=8)
    logger = WandbLogger(project="lightning", name="line", log_model=False)
    logger.log_hyperparams({"nested": {"depth": 2}})
    model, seen = Line(), Seen()
    logger.watch(model, log="gradients", log_freq=2, log_graph=False)
    trainer = lightning.Trainer(
        max_epochs=2,
        logger=logger,
        callbacks=[seen],
        log_every_n_steps=1,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
    )
    trainer.fit(model, batches, batches)
    logger.log_text("answers", columns=["question", "answer"], data=[["how", "so"]])
    logger.log_image("pictures", [torch.rand(3, 4, 4)], caption=["noise"])
    print("RESULT", json.dumps({"rows": seen.rows}))


if __name__ == "__main__":
    main()
