"""A tiny BERT, made from a config, trained by the Trainer with report_to="wandb"."""

import json
import os

import torchvision_compat  # noqa: F401 - before what imports torchvision beside a CPU build of torch

# isort: split
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments


class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return 16

    def __getitem__(self, index):
        tokens = torch.arange(index, index + 8) % 30
        return {"input_ids": tokens, "labels": torch.tensor(index % 2)}


def main():
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "intermediate_size": 16, "vocab_size": 32}
    config = BertConfig(num_hidden_layers=1, num_attention_heads=1, **sizes)
    arguments = TrainingArguments(
        output_dir="out",
        report_to="wandb",
        run_name="tiny bert",
        num_train_epochs=int(os.environ.get("EPOCHS", "2")),
        per_device_train_batch_size=4,
        per_device_eval_batch_size=4,
        logging_steps=1,
        eval_strategy="epoch",
        learning_rate=0.01,
        use_cpu=True,
        disable_tqdm=True,
    )
    model = BertForSequenceClassification(config)
    trainer = Trainer(model, arguments, train_dataset=Rows(), eval_dataset=Rows())
    trainer.train()
    parameters = model.num_parameters()
    print("RESULT", json.dumps({"log": trainer.state.log_history, "parameters": parameters}))


if __name__ == "__main__":
    main()
