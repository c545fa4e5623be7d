"""Callbacks for Keras, which lossboard does not have."""

raise ImportError(
    "lossboard has no callbacks for Keras: call wandb.log in a keras.callbacks.Callback of your own"
)
