"""The training side of lossboard: `import lossboard as wandb`."""
