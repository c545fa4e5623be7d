"""Parts of wandb that integrations import by path."""
